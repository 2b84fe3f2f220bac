#pragma once

#include "ggml.h"
#include "legacy/element_type.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace llmodel::legacy {

/**
 * Rewrites whole rows of `columns` values from a type of an old file into the type `target` of GGUF. Codes of quantised
 * values stay exactly what they were wherever the target is of the same name; their scales become float16, as GGUF has
 * them, which rounds by at most one part in 2048. Q4_2 and Q4_3 become one of F32 (exact), F16, Q8_0 and Q6_K.
 *
 * Returns false if a scale cannot be held: one that is not finite, or beyond 65504.
 */
[[nodiscard]] bool repack(const ElementType &from, std::int64_t columns, std::span<const std::byte> rows,
                          ggml_type target, std::span<std::byte> into);

/** 16 values of Q4_2 or Q4_3, in their order, as floats. */
void decode_q4_2(const std::byte *block, float *values);
void decode_q4_3(const std::byte *block, float *values);

/**
 * 16 blocks of Q4_2 as one of Q6_K. A sub-block of Q6_K has as many values, so that codes are kept, times 4, 3, 2 or 1,
 * whichever lets the scale be nearest; scales are rounded to 8 bits of the largest. False as above.
 */
[[nodiscard]] bool q4_2_to_q6_k(const std::byte *blocks, std::byte *into);

} // namespace llmodel::legacy
