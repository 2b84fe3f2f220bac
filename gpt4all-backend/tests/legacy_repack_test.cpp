#include "legacy/repack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using namespace llmodel::legacy;

using Bytes = std::vector<std::byte>;

template<typename T> void put(Bytes &bytes, T value) {
    const auto *from = reinterpret_cast<const std::byte *>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
}

/** The codes 0 to 15 and back, by which each place of a block can be told from the others around it. */
unsigned code_at(std::size_t place) {
    return static_cast<unsigned>(place < 16 ? place : 31 - place) ^ (place >= 16 ? 5U : 0U);
}

void put_nibbles(Bytes &bytes, std::size_t values, bool in_turn) {
    for (std::size_t i = 0; i < values / 2; ++i) {
        const unsigned low = code_at(in_turn ? 2 * i : i);
        const unsigned high = code_at(in_turn ? 2 * i + 1 : i + values / 2);
        bytes.push_back(static_cast<std::byte>(low | high << 4));
    }
}

std::vector<float> decode(ggml_type type, const Bytes &bytes, std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    if (type == GGML_TYPE_F32) {
        std::memcpy(values.data(), bytes.data(), bytes.size());
    } else {
        ggml_get_type_traits(type)->to_float(bytes.data(), values.data(), count);
    }
    return values;
}

Bytes repacked(std::uint32_t id, Layout layout, const Bytes &rows, std::int64_t columns, ggml_type target) {
    const auto type = element_type(id, layout);
    EXPECT_TRUE(type);
    EXPECT_EQ(type->row_bytes(columns), rows.size());
    Bytes out(ggml_row_size(target, columns));
    EXPECT_TRUE(repack(*type, columns, rows, target, out));
    return out;
}

float nibble_value(std::size_t place, float scale, float least) {
    return static_cast<float>(code_at(place)) * scale + least;
}

TEST(LegacyRepack, NibblesKeepTheirPlaces) {
    for (const bool in_turn : {true, false}) {
        const Layout layout = in_turn ? Layout::a : Layout::b;
        Bytes q4_0;
        put(q4_0, 0.125F);
        put_nibbles(q4_0, 32, in_turn);
        Bytes q4_1;
        put(q4_1, 0.5F);
        put(q4_1, -3.0F);
        put_nibbles(q4_1, 32, in_turn);
        const auto values_0 = decode(GGML_TYPE_Q4_0, repacked(GGML_TYPE_Q4_0, layout, q4_0, 32, GGML_TYPE_Q4_0), 32);
        const auto values_1 = decode(GGML_TYPE_Q4_1, repacked(GGML_TYPE_Q4_1, layout, q4_1, 32, GGML_TYPE_Q4_1), 32);
        for (std::size_t i = 0; i < 32; ++i) {
            EXPECT_EQ(values_0[i], nibble_value(i, 0.125F, -1)) << i;
            EXPECT_EQ(values_1[i], nibble_value(i, 0.5F, -3)) << i;
        }
    }
}

TEST(LegacyRepack, FifthBitsStayWhereTheyAre) {
    for (const bool in_turn : {true, false}) {
        const Layout layout = in_turn ? Layout::a : Layout::b;
        const std::uint32_t fifth = 0x9A3C0F71;
        Bytes q5_0;
        put(q5_0, ggml_fp32_to_fp16(0.25F));
        put(q5_0, fifth);
        put_nibbles(q5_0, 32, in_turn);
        Bytes q5_1;
        put(q5_1, ggml_fp32_to_fp16(0.25F));
        put(q5_1, ggml_fp32_to_fp16(2.0F));
        put(q5_1, fifth);
        put_nibbles(q5_1, 32, in_turn);
        const auto values_0 = decode(GGML_TYPE_Q5_0, repacked(GGML_TYPE_Q5_0, layout, q5_0, 32, GGML_TYPE_Q5_0), 32);
        const auto values_1 = decode(GGML_TYPE_Q5_1, repacked(GGML_TYPE_Q5_1, layout, q5_1, 32, GGML_TYPE_Q5_1), 32);
        for (std::size_t i = 0; i < 32; ++i) {
            const float bit = (fifth >> i & 1) != 0 ? 16.0F : 0.0F;
            EXPECT_EQ(values_0[i], (static_cast<float>(code_at(i)) + bit - 16) * 0.25F) << i;
            EXPECT_EQ(values_1[i], (static_cast<float>(code_at(i)) + bit) * 0.25F + 2) << i;
        }
    }
}

TEST(LegacyRepack, Q8_0KeepsItsCodes) {
    Bytes row;
    put(row, 0.5F);
    for (int i = 0; i < 32; ++i) {
        put(row, static_cast<std::int8_t>(i * 8 - 127));
    }
    const auto values = decode(GGML_TYPE_Q8_0, repacked(GGML_TYPE_Q8_0, Layout::a, row, 32, GGML_TYPE_Q8_0), 32);
    for (int i = 0; i < 32; ++i) {
        EXPECT_EQ(values[static_cast<std::size_t>(i)], static_cast<float>(i * 8 - 127) * 0.5F);
    }
}

Bytes blocks_of_16(std::size_t count, bool with_least) {
    Bytes bytes;
    for (std::size_t block = 0; block < count; ++block) {
        const float sign = block % 3 == 0 ? -1.0F : 1.0F;
        put(bytes, ggml_fp32_to_fp16(sign * 0.01F * static_cast<float>(1 + block % 7)));
        if (with_least) {
            put(bytes, ggml_fp32_to_fp16(-0.25F));
        }
        put_nibbles(bytes, 16, true);
    }
    return bytes;
}

double relative_error(const std::vector<float> &values, const std::vector<float> &exact) {
    double error = 0;
    double size = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        error += std::pow(values[i] - exact[i], 2);
        size += std::pow(exact[i], 2);
    }
    return std::sqrt(error / size);
}

TEST(LegacyRepack, TypesThatAreGoneBecomeOthers) {
    for (const bool with_least : {false, true}) {
        const Bytes row = blocks_of_16(16, with_least);
        const std::uint32_t id = with_least ? type_q4_3 : type_q4_2;
        const auto exact = decode(GGML_TYPE_F32, repacked(id, Layout::a, row, 256, GGML_TYPE_F32), 256);
        for (std::size_t i = 0; i < 256; ++i) { // the first block's scale is negative
            const std::size_t block = i / 16;
            const float scale = ggml_fp16_to_fp32(ggml_fp32_to_fp16(0.01F * static_cast<float>(1 + block % 7))) *
                                (block % 3 == 0 ? -1.0F : 1.0F);
            EXPECT_EQ(exact[i], nibble_value(i % 16, scale, with_least ? -0.25F : -8 * scale)) << i;
        }
        const auto error = [&](ggml_type target) {
            return relative_error(decode(target, repacked(id, Layout::a, row, 256, target), 256), exact);
        };
        EXPECT_LT(error(GGML_TYPE_F16), 3e-4);
        EXPECT_LT(error(GGML_TYPE_Q8_0), 7e-3);
        EXPECT_LT(error(GGML_TYPE_Q6_K), with_least ? 2.5e-2 : 3e-3); // the codes of Q4_2 are kept
    }
}

TEST(LegacyRepack, ZeroBlocksStayZero) {
    Bytes q4_2;
    for (int block = 0; block < 16; ++block) {
        put(q4_2, ggml_fp32_to_fp16(-0.0F));
        put_nibbles(q4_2, 16, true);
    }
    for (const float value : decode(GGML_TYPE_Q6_K, repacked(type_q4_2, Layout::a, q4_2, 256, GGML_TYPE_Q6_K), 256)) {
        EXPECT_EQ(value, 0.0F);
    }
}

TEST(LegacyRepack, ScalesThatCannotBeHeldAreRefused) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const float scale : {70000.0F, -70000.0F, infinity, std::numeric_limits<float>::quiet_NaN()}) {
        Bytes row;
        put(row, scale);
        put_nibbles(row, 32, true);
        Bytes out(ggml_row_size(GGML_TYPE_Q4_0, 32));
        EXPECT_FALSE(repack(*element_type(GGML_TYPE_Q4_0, Layout::a), 32, row, GGML_TYPE_Q4_0, out)) << scale;
    }
    Bytes q4_2 = blocks_of_16(16, false);
    const ggml_fp16_t half = ggml_fp32_to_fp16(infinity);
    std::memcpy(q4_2.data() + 30, &half, sizeof half);
    for (const ggml_type target : {GGML_TYPE_Q6_K, GGML_TYPE_Q8_0, GGML_TYPE_F16, GGML_TYPE_F32}) {
        Bytes out(ggml_row_size(target, 256));
        EXPECT_FALSE(repack(*element_type(type_q4_2, Layout::a), 256, q4_2, target, out));
    }
}

TEST(LegacyRepack, TypesAreThoseOfTheirTime) {
    EXPECT_FALSE(element_type(type_q4_2, Layout::b));
    EXPECT_FALSE(element_type(type_q4_3, Layout::c));
    EXPECT_FALSE(element_type(GGML_TYPE_Q6_K, Layout::a));
    EXPECT_TRUE(element_type(GGML_TYPE_Q6_K, Layout::c));
    EXPECT_FALSE(element_type(9999, Layout::c));
    EXPECT_EQ(element_type(GGML_TYPE_Q4_0, Layout::a)->bytes, 20U);
    EXPECT_EQ(element_type(GGML_TYPE_Q4_0, Layout::c)->bytes, 18U);
}

} // namespace
