#pragma once

#include "kernels/products/format.h"

#include <cstddef>
#include <cstdint>

struct ggml_compute_params;
struct ggml_tensor;

namespace llmodel::kernels::products {

/** Bytes that all threads need together to compute a product with weights in panels. */
size_t work_size(int n_threads, const ggml_tensor *op);

/** Products that are computed as one at most. */
constexpr int most_together = 4;

/** A thread's part of MUL_MAT or MUL_MAT_ID with weights in panels. */
void compute(const ggml_compute_params *params, ggml_tensor *op);

/**
 * A thread's part of several, up to most_together: of weights of one type and number of columns, each with the same
 * inputs and choices. They need the work space of one.
 */
void compute(const ggml_compute_params *params, ggml_tensor *const *ops, int count);

/** Rows of a file become panels at `to`. */
void lay_out(const Format &format, const void *rows, int64_t columns, int64_t count, void *to);

} // namespace llmodel::kernels::products
