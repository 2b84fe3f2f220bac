// The products of ggml's module for Sapphire Rapids with weights laid out for AMX, on a processor with AMX or emulated.

#include "ggml_module.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

extern "C" bool amx_emulator_is_active();

namespace {

using amx::GgmlModule;
using amx::Product;

// Of what a product of random vectors typically is, by which quantising one of them to eight bits moves it. That is
// 0.7 % on average and five to nine times as much in the worst of ten thousand; what is wrong is off by 100 %.
constexpr double tolerance = 0.08;

constexpr std::array types_in_blocks_of_32 = {GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q8_0};
constexpr std::array types_in_blocks_of_256 = {GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K, GGML_TYPE_IQ4_XS};

class AmxProducts : public testing::Test {
  protected:
    void SetUp() override {
        if (!amx::processor_suffices()) {
            GTEST_SKIP() << "this processor lacks AVX-512 instructions that the module uses beside AMX";
        }
        RecordProperty("amx", amx_emulator_is_active() ? "emulated" : "of the processor");
        module_ = std::make_unique<GgmlModule>(amx::module_path());
        ASSERT_NE(module_->amx_buffers(), nullptr) << GgmlModule::log();
    }

    void expect_right(const Product &product) {
        const amx::Comparison found = amx::compare(*module_, module_->amx_buffers(), product);
        const std::string what = std::string(ggml_type_name(product.type)) + ' ' + std::to_string(product.columns) +
                                 'x' + std::to_string(product.rows) + 'x' + std::to_string(product.matrices) +
                                 " with " + std::to_string(product.count) + 'x' + std::to_string(product.batches);
        EXPECT_TRUE(found.supported) << what;
        EXPECT_EQ(found.not_finite, 0U) << what;
        EXPECT_LE(found.worst, tolerance) << what << " at " << found.at;
        worst_ = std::max(worst_, found.worst);
    }

    void expect_right(ggml_type type, int64_t columns) {
        for (const int64_t rows : {32, 96, 160}) {
            for (const int64_t count : {1, 2, 16, 17, 32, 33, 65}) {
                expect_right({.type = type, .columns = columns, .rows = rows, .count = count});
            }
        }
    }

    std::unique_ptr<GgmlModule> module_;
    double worst_ = 0;
};

TEST_F(AmxProducts, AreRightForTypesInBlocksOf32) {
    for (const ggml_type type : types_in_blocks_of_32) {
        for (const int64_t columns : {32, 64, 96, 576}) {
            module_->set_threads(static_cast<int>(1 + columns % 3));
            expect_right(type, columns);
        }
    }
    RecordProperty("worst", std::to_string(worst_));
}

TEST_F(AmxProducts, AreRightForTypesInBlocksOf256) {
    for (const ggml_type type : types_in_blocks_of_256) {
        for (const int64_t columns : {256, 512, 768}) {
            module_->set_threads(static_cast<int>(1 + columns / 256 % 3));
            expect_right(type, columns);
        }
    }
    RecordProperty("worst", std::to_string(worst_));
}

TEST_F(AmxProducts, AreRightForHalfPrecision) {
    for (const int64_t columns : {16, 48, 256}) {
        expect_right(GGML_TYPE_F16, columns);
    }
}

TEST_F(AmxProducts, AreRightForSeveralBatchesOfOneMatrix) {
    for (const ggml_type type : {GGML_TYPE_Q4_0, GGML_TYPE_Q8_0, GGML_TYPE_Q4_K, GGML_TYPE_Q6_K, GGML_TYPE_F16}) {
        for (const int64_t count : {1, 3, 33}) {
            expect_right({.type = type, .columns = 256, .rows = 64, .count = count, .batches = 3});
        }
    }
}

TEST_F(AmxProducts, AreRightWithAnyNumberOfThreads) {
    for (int threads = 1; threads <= 9; ++threads) {
        module_->set_threads(threads);
        for (const int64_t count : {1, 5, 70}) {
            expect_right({.type = GGML_TYPE_Q4_1, .columns = 64, .rows = 96, .count = count});
            expect_right({.type = GGML_TYPE_Q4_K, .columns = 256, .rows = 96, .count = count});
        }
    }
}

TEST_F(AmxProducts, LeaveSeveralMatricesOfWeightsToOtherBuffers) {
    const Product product{.type = GGML_TYPE_Q4_K, .columns = 256, .rows = 64, .count = 33, .matrices = 2, .batches = 4};
    EXPECT_FALSE(amx::compare(*module_, module_->amx_buffers(), product).supported);
    const amx::Comparison found = amx::compare(*module_, module_->plain_buffers(), product);
    EXPECT_TRUE(found.supported);
    EXPECT_EQ(found.not_finite, 0U);
    EXPECT_LE(found.worst, tolerance);
}

void release_tiles() {
    __asm__ volatile(".byte 0xc4, 0xe2, 0x78, 0x49, 0xc0"); // tilerelease
}

TEST_F(AmxProducts, AreRightWhereOtherCodeOfTheThreadUsesTiles) {
    module_->set_threads(1); // the calling one
    const Product product{.type = GGML_TYPE_Q8_0, .columns = 64, .rows = 64, .count = 33};
    expect_right(product);
    release_tiles();
    expect_right(product);
}

} // namespace
