#pragma once

// Inputs rounded to 8 bits: what weights are multiplied with. How a row is rounded depends on nothing but itself.

#include "kernels/products/format.h"
#include "kernels/products/integers.h"
#include "kernels/simd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#ifdef LLMODEL_HAS_PRODUCTS

namespace llmodel::kernels::products {

constexpr int chunk_columns = 256;
constexpr int chunk_groups = chunk_columns / group_columns;

/** An array; of zeros that take no room where `count` is 0. */
template<typename Number, size_t count> struct Numbers : std::array<Number, count> {};
template<typename Number> struct Numbers<Number, 0> {
    Number operator[](size_t /*index*/) const { return 0; }
};

/** Up to 256 columns of an input, with what is needed of them beside the quants. */
template<Kind kind> struct alignas(64) ActivationChunk {
    static constexpr size_t parts = static_cast<size_t>(chunk_groups) * kind.scales_per_group();

    std::array<int8_t, chunk_columns> quants;
    std::array<float, chunk_columns / kind.activation_scale> scales;
    // sums of quants times minus the offset, and sums of what the quants stand for, where they are needed
    [[no_unique_address]] Numbers<int32_t, kind.corrected ? parts : 0> corrections;
    [[no_unique_address]] Numbers<float, kind.minimums ? chunk_groups : 0> weighted;
};

/** Rounded inputs: the first chunk of all of them, the second, and so on. */
template<Kind kind> struct Activations {
    ActivationChunk<kind> *chunks;
    int64_t lines;

    static size_t bytes(int64_t columns, int64_t lines) {
        return static_cast<size_t>((columns + chunk_columns - 1) / chunk_columns * lines) *
               sizeof(ActivationChunk<kind>);
    }
    ActivationChunk<kind> *at(int64_t chunk, int64_t line) const { return chunks + chunk * lines + line; }
};

namespace detail {

inline Ints bits_of(Floats floats) {
    Ints bits;
    std::memcpy(&bits, &floats, sizeof(bits));
    return bits;
}

/** The largest magnitude; not a number if one of them is none, infinite if one is. */
inline float largest_magnitude(const float *from, int count) {
    Ints largest{};
    for (int i = 0; i < count; i += lanes) {
        const Ints magnitude = bits_of(load(from + i)) & 0x7FFFFFFF; // as integers they have the same order
        largest = magnitude > largest ? magnitude : largest;
    }
    int32_t found = 0;
    for (int lane = 0; lane < lanes; ++lane) {
        found = std::max(found, largest[lane]);
    }
    float value;
    std::memcpy(&value, &found, sizeof(value));
    return value;
}

inline int32_t sum_of(Ints vector) {
    int32_t sum = 0;
    for (int lane = 0; lane < lanes; ++lane) {
        sum += vector[lane];
    }
    return sum;
}

/** Rounds as many numbers to the nearest integer, and gives their sums. */
inline Ints round_vector(const float *from, float factor, int8_t *to) {
    // the sum with 1.5 * 2^23 has no bits below the point, and is rounded to even
    const Floats shifted = multiply_add(load(from), broadcast(factor), broadcast(12582912.0F));
    const Ints rounded = bits_of(shifted) - 0x4B400000;
    typedef int8_t Bytes __attribute__((vector_size(lanes)));
    const Bytes bytes = __builtin_convertvector(rounded, Bytes);
    std::memcpy(to, &bytes, sizeof(bytes));
    return rounded;
}

} // namespace detail

/** Rounds a line. Where a number is not finite, neither is what its block is multiplied to. */
template<Format format>
void round_line(const float *from, int64_t columns, const Activations<kind_of<format>()> &to, int64_t line) {
    constexpr int block = format.activation_scale;
    for (int64_t first = 0; first < columns; first += block) {
        auto &chunk = *to.at(first / chunk_columns, line);
        const auto within = static_cast<size_t>(first % chunk_columns);
        const float largest = detail::largest_magnitude(from + first, block);
        const bool nothing = largest < 1e-30F; // its inverse might not be finite
        const float factor = nothing ? 0.0F : 127.0F / largest;
        const float scale = nothing ? 0.0F : largest / 127.0F;
        chunk.scales[within / block] = std::isfinite(largest) ? scale : NAN;
        for (size_t group = within; group < within + block; group += group_columns) {
            int32_t sum = 0;
            for (size_t part = group; part < group + group_columns; part += format.scale_columns) {
                Ints sums{};
                for (size_t i = part; i < part + format.scale_columns; i += lanes) {
                    sums += detail::round_vector(from + first + (i - within), factor, chunk.quants.data() + i);
                }
                const int32_t part_sum = (format.offset != 0 || format.minimums) ? detail::sum_of(sums) : 0;
                if constexpr (quant_offset<format>() != 0) {
                    chunk.corrections[part / format.scale_columns] = -quant_offset<format>() * part_sum;
                }
                sum += part_sum;
            }
            if constexpr (format.minimums) {
                chunk.weighted[group / group_columns] =
                    static_cast<float>(sum) * (block == group_columns ? scale : 1.0F);
            }
        }
    }
}

} // namespace llmodel::kernels::products

#endif
