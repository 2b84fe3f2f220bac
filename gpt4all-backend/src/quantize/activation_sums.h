#pragma once

#include "ggml.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace llmodel {

/** What one weight was multiplied with: of each of its columns, the sum of the squares of the activations. */
struct ColumnSums {
    std::vector<double> sums;         /**< The columns of the first matrix, then those of the next. */
    std::vector<std::int64_t> counts; /**< Activations that were added: one number for all, or one for each expert. */
};

/** Gathers ColumnSums while llama.cpp computes graphs: the more goes through a column, the more its errors matter. */
class ActivationSums {
  public:
    /** `output_tensor`: of the last weight as well, which makes logits and is not in a block. */
    explicit ActivationSums(bool output_tensor) : output_tensor_(output_tensor) {}

    /** Whether `node` multiplies with a weight that is measured. */
    bool wants(const ggml_tensor *node) const;

    /** Adds what went into `node`, which has been computed just now. Throws Error(LLMODEL_INVALID_MODEL) for what is
     *  not finite. */
    void add(const ggml_tensor *node);

    /** By the weights' names. */
    const std::map<std::string, ColumnSums> &weights() const { return weights_; }

  private:
    void add_dense(const ggml_tensor *node, const std::byte *activations);
    void add_experts(const ggml_tensor *node, const std::byte *activations);
    ColumnSums &sums_of(const ggml_tensor *node, std::size_t matrices, std::size_t counts);

    bool output_tensor_;
    std::map<std::string, ColumnSums> weights_;
    std::vector<std::byte> copied_; // from a device
};

/** The weight's name in the file; on its way to another device it is called DEVICE#NAME#NUMBER. */
std::string weight_name(const ggml_tensor *weight);

} // namespace llmodel
