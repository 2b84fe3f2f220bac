#include "legacy/plausible.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace {

using namespace llmodel::legacy;

constexpr std::int64_t row_length = 256;

/** Rows as ggml's own quantiser writes them. */
std::vector<std::byte> encode(ggml_type type, const std::vector<float> &values) {
    std::vector<std::byte> rows(ggml_row_size(type, static_cast<std::int64_t>(values.size())));
    const auto count = static_cast<std::int64_t>(values.size()) / row_length;
    ggml_quantize_chunk(type, values.data(), rows.data(), 0, count, row_length, nullptr);
    return rows;
}

std::vector<float> normal(float deviation, std::size_t rows) {
    std::mt19937 random(7);
    std::normal_distribution<float> distribution(0, deviation);
    std::vector<float> values(rows * row_length);
    for (float &value : values) {
        value = distribution(random);
    }
    return values;
}

// The types that a translation may have.
constexpr ggml_type types[] = {GGML_TYPE_F32,  GGML_TYPE_F16,  GGML_TYPE_Q4_0, GGML_TYPE_Q4_1,
                               GGML_TYPE_Q5_0, GGML_TYPE_Q5_1, GGML_TYPE_Q8_0, GGML_TYPE_Q2_K,
                               GGML_TYPE_Q3_K, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K};

TEST(LegacyPlausible, WeightsOfAllSizesAre) {
    for (const ggml_type type : types) {
        for (const float deviation : {0.0F, 1e-8F, 0.02F, 1.0F, 100.0F}) {
            EXPECT_TRUE(is_plausible(type, encode(type, normal(deviation, 8)))) << ggml_type_name(type) << deviation;
        }
    }
}

TEST(LegacyPlausible, WhatIsNotFiniteIsNot) {
    for (const ggml_type type : types) {
        std::vector<std::byte> rows = encode(type, normal(0.02F, 8));
        const std::size_t block = ggml_type_size(type);
        // of the last block, every float16 in turn, or the one float32
        bool refused = false;
        for (std::size_t at = rows.size() - block; at + 2 <= rows.size(); at += 2) {
            std::vector<std::byte> changed = rows;
            const std::uint32_t infinite = type == GGML_TYPE_F32 ? 0x7F800000U : 0x7C00U;
            std::memcpy(changed.data() + at, &infinite, type == GGML_TYPE_F32 ? 4 : 2);
            refused |= !is_plausible(type, changed);
            if (type == GGML_TYPE_F32) {
                break;
            }
        }
        EXPECT_TRUE(refused) << ggml_type_name(type);
    }
}

TEST(LegacyPlausible, BlocksReadTwoBytesLateAreNot) {
    const std::vector<float> values = normal(0.02F, 64);
    for (const ggml_type type : {GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1, GGML_TYPE_Q8_0}) {
        std::vector<std::byte> rows = encode(type, values);
        rows.erase(rows.begin(), rows.begin() + (type == GGML_TYPE_Q4_1 || type == GGML_TYPE_Q5_1 ? 4 : 2));
        rows.resize(ggml_row_size(type, static_cast<std::int64_t>(values.size())));
        EXPECT_FALSE(is_plausible(type, rows)) << ggml_type_name(type);
    }
}

} // namespace
