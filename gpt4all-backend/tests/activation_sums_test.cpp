#include "error.h"
#include "ggml-backend.h"
#include "quantize/activation_sums.h"
#include "quantize/imatrix.h"
#include "quantize/make_imatrix.h"
#include "test_paths.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace llmodel;

/** Tensors on the host. */
class Tensors {
  public:
    Tensors()
        : context_(ggml_init({.mem_size = size_t{1} << 16, .mem_buffer = nullptr, .no_alloc = true}), ggml_free) {}

    ggml_tensor *add(const char *name, ggml_type type, int64_t ne0, int64_t ne1, int64_t ne2 = 1) {
        return ggml_set_name(ggml_new_tensor_3d(context_.get(), type, ne0, ne1, ne2), name);
    }
    ggml_context *get() const { return context_.get(); }

    void allocate() {
        buffer_.reset(ggml_backend_alloc_ctx_tensors_from_buft(context_.get(), ggml_backend_cpu_buffer_type()));
    }

    template<typename Number> static void set(ggml_tensor *tensor, const std::vector<Number> &values) {
        ASSERT_EQ(ggml_nbytes(tensor), values.size() * sizeof(Number));
        ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
    }

  private:
    std::unique_ptr<ggml_context, decltype(&ggml_free)> context_;
    std::unique_ptr<ggml_backend_buffer, decltype(&ggml_backend_buffer_free)> buffer_{nullptr,
                                                                                      ggml_backend_buffer_free};
};

TEST(ActivationSums, AddsSquaresOfColumns) {
    Tensors tensors;
    ggml_tensor *weight = tensors.add("blk.0.attn_q.weight", GGML_TYPE_F32, 2, 3);
    ggml_tensor *input = tensors.add("x", GGML_TYPE_F32, 2, 3);
    const ggml_tensor *node = ggml_mul_mat(tensors.get(), weight, input);
    tensors.allocate();
    Tensors::set<float>(input, {1, -2, 3, 4, 0, 0.5});

    ActivationSums sums(false);
    ASSERT_TRUE(sums.wants(node));
    sums.add(node);
    sums.add(node);
    const ColumnSums &found = sums.weights().at("blk.0.attn_q.weight");
    EXPECT_EQ(found.sums, (std::vector<double>{20, 40.5}));
    EXPECT_EQ(found.counts, std::vector<int64_t>{6});
}

TEST(ActivationSums, EachMatrixOfAWeightHasItsOwn) {
    Tensors tensors;
    ggml_tensor *weight = tensors.add("blk.0.attn_k_b.weight", GGML_TYPE_F32, 1, 3, 2);
    ggml_tensor *input = tensors.add("x", GGML_TYPE_F32, 1, 2, 2);
    const ggml_tensor *node = ggml_mul_mat(tensors.get(), weight, input);
    tensors.allocate();
    Tensors::set<float>(input, {1, 2, 3, 4});

    ActivationSums sums(false);
    sums.add(node);
    const ColumnSums &found = sums.weights().at("blk.0.attn_k_b.weight");
    EXPECT_EQ(found.sums, (std::vector<double>{5, 25}));
    EXPECT_EQ(found.counts, std::vector<int64_t>{2});
}

TEST(ActivationSums, EachExpertHasItsOwn) {
    Tensors tensors;
    ggml_tensor *weight = tensors.add("blk.0.ffn_up_exps.weight", GGML_TYPE_F32, 2, 3, 3);
    ggml_tensor *shared = tensors.add("x", GGML_TYPE_F32, 2, 1, 2);   // one row of a token for all its experts
    ggml_tensor *separate = tensors.add("y", GGML_TYPE_F32, 2, 2, 2); // one for each
    ggml_tensor *ids = tensors.add("ids", GGML_TYPE_I32, 2, 2);
    const ggml_tensor *first = ggml_mul_mat_id(tensors.get(), weight, shared, ids);
    const ggml_tensor *second = ggml_mul_mat_id(tensors.get(), weight, separate, ids);
    tensors.allocate();
    Tensors::set<float>(shared, {1, 2, 3, 4});
    Tensors::set<float>(separate, {1, 2, 3, 4, 5, 6, 7, 8});
    Tensors::set<int32_t>(ids, {0, 2, 2, 0});

    ActivationSums one(false);
    one.add(first);
    const ColumnSums &of_one = one.weights().at("blk.0.ffn_up_exps.weight");
    EXPECT_EQ(of_one.sums, (std::vector<double>{10, 20, 0, 0, 10, 20}));
    EXPECT_EQ(of_one.counts, (std::vector<int64_t>{2, 0, 2}));

    ActivationSums other(false);
    other.add(second);
    EXPECT_EQ(other.weights().at("blk.0.ffn_up_exps.weight").sums, (std::vector<double>{50, 68, 0, 0, 34, 52}));

    Tensors::set<int32_t>(ids, {0, 3, 2, 0});
    EXPECT_THROW(one.add(first), Error);
}

TEST(ActivationSums, OnlyWeightsOfBlocksCount) {
    Tensors tensors;
    ggml_tensor *input = tensors.add("x", GGML_TYPE_F32, 2, 3);
    ggml_tensor *whole = tensors.add("cache_k_l0 (view)", GGML_TYPE_F32, 2, 3);
    ggml_tensor *output = tensors.add("output.weight", GGML_TYPE_F32, 2, 3);
    ggml_tensor *moved = tensors.add("CUDA0#blk.0.attn_q.weight#0", GGML_TYPE_F32, 2, 3);
    const ActivationSums blocks(false);
    const ActivationSums all(true);
    EXPECT_EQ(weight_name(moved), "blk.0.attn_q.weight");
    EXPECT_TRUE(blocks.wants(ggml_mul_mat(tensors.get(), moved, input)));
    EXPECT_FALSE(all.wants(ggml_mul_mat(tensors.get(), whole, input)));
    EXPECT_FALSE(blocks.wants(ggml_mul_mat(tensors.get(), output, input)));
    EXPECT_TRUE(all.wants(ggml_mul_mat(tensors.get(), output, input)));
    EXPECT_FALSE(all.wants(ggml_add(tensors.get(), moved, input)));
}

TEST(ActivationSums, WhatIsNotFiniteIsRefused) {
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F}) {
        Tensors tensors;
        ggml_tensor *weight = tensors.add("blk.0.attn_q.weight", GGML_TYPE_F32, 1, 1);
        ggml_tensor *input = tensors.add("x", GGML_TYPE_F32, 1, 1);
        const ggml_tensor *node = ggml_mul_mat(tensors.get(), weight, input);
        tensors.allocate();
        Tensors::set<float>(input, {value});
        ActivationSums sums(false);
        try {
            sums.add(node);
            ADD_FAILURE() << value;
        } catch (const Error &error) {
            EXPECT_EQ(error.status(), LLMODEL_INVALID_MODEL);
        }
    }
}

/** The sum over the columns of a weight, and the first of them. */
struct Measured {
    const char *weight;
    double all;
    double first;
};

// By llama-imatrix of the same llama.cpp: -c 64 -b 64 --chunks 3 --process-output, with the text below.
constexpr int64_t expected_tokens = 192;
constexpr Measured expected_sums[] = {
    {"blk.0.attn_k.weight", 12196.9313, 329.499847},
    {"blk.0.attn_output.weight", 4031.14239, 56.5766144},
    {"blk.0.attn_q.weight", 12196.9313, 329.499847},
    {"blk.0.attn_v.weight", 12196.9313, 329.499847},
    {"blk.0.ffn_down.weight", 46150.3981, 291.176208},
    {"blk.0.ffn_gate.weight", 12251.1835, 211.863419},
    {"blk.0.ffn_up.weight", 12251.1835, 211.863419},
    {"blk.1.attn_k.weight", 12860.7834, 294.517548},
    {"blk.1.attn_output.weight", 5228.95049, 85.8149185},
    {"blk.1.attn_q.weight", 12860.7834, 294.517548},
    {"blk.1.attn_v.weight", 12860.7834, 294.517548},
    {"blk.1.ffn_down.weight", 53786.7316, 974.534973},
    {"blk.1.ffn_gate.weight", 12518.8867, 237.953033},
    {"blk.1.ffn_up.weight", 12518.8867, 237.953033},
    {"output.weight", 12321.9022, 162.973145},
};

TEST(ActivationSums, AreThoseOfLlamaImatrix) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "The house number " + std::to_string(i * i) + " is old, and its garden is green in spring. ";
    }
    const std::filesystem::path out =
        std::filesystem::temp_directory_path() / ("llmodel-imatrix-" + std::to_string(getpid()) + ".gguf");
    make_imatrix(std::string(test_models) + "/tiny-llama-f32.gguf", out,
                 {{"text", text}, {"n_ctx", 64}, {"chunks", 3}, {"output_tensor", true}}, {});
    const ImportanceMatrix matrix = read_imatrix(out);
    std::filesystem::remove(out);
    EXPECT_EQ(matrix.chunks, 3);
    EXPECT_EQ(matrix.columns.size(), std::size(expected_sums));
    for (const auto &[weight, all, first] : expected_sums) {
        const std::vector<float> &means = matrix.columns.at(weight);
        const double sum = std::accumulate(means.begin(), means.end(), 0.0) * expected_tokens;
        EXPECT_NEAR(sum, all, 1e-4 * all) << weight;
        EXPECT_NEAR(means.front() * expected_tokens, first, 1e-4 * first) << weight;
    }
}

} // namespace
