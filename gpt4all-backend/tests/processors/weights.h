#pragma once

#include "ggml.h"

#include <cstdint>
#include <vector>

namespace products {

/** Every type that weights can have. */
std::vector<ggml_type> weight_types();

/** A matrix of weights in a type, and what they are in F32: rows of `columns` numbers. */
struct Weights {
    ggml_type type;
    int64_t columns;
    int64_t rows;
    std::vector<uint8_t> bytes;
    std::vector<float> values;
};

/** Random weights that are not centred, so that a type's offsets matter; a row of zeros is among them. */
Weights make_weights(ggml_type type, int64_t columns, int64_t rows);

/** What goes in: `count` vectors of `columns` numbers, one with a stretch of zeros and one of large numbers. */
std::vector<float> make_inputs(int64_t columns, int64_t count);

/** How far a product may be from the one in double precision, in units of |row| * |input| / sqrt(columns), the size of
 *  one of its terms. Kernels round the inputs to the precision that goes with the type and add up in F32. */
struct Tolerance {
    double worst;   /**< For each number. */
    double typical; /**< For the root of their mean square. */
};

Tolerance tolerance(ggml_type type);

} // namespace products
