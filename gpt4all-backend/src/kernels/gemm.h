#pragma once

#include "kernels/simd.h"

#include <array>
#include <cstddef>
#include <utility>

namespace llmodel::kernels {

/** Rows of numbers in single precision; `stride` from one to the next. */
template<typename Number> struct Rows {
    Number *data;
    ptrdiff_t stride;

    Number *operator[](ptrdiff_t row) const { return data + row * stride; }
};

namespace detail {

// As many sums as the registers hold beside a row of the second factor and a number of the first.
constexpr int max_vectors = registers == 32 ? 5 : 2;
constexpr int max_rows = 6;

constexpr int rows_for(int vectors) {
    const int rows = (registers - 1 - vectors) / vectors;
    return rows < max_rows ? rows : max_rows;
}

template<int rows, int vectors> void multiply_tile(Rows<const float> a, Rows<const float> b, Rows<float> c, int depth) {
    Floats sums[rows][vectors];
    for (int row = 0; row < rows; ++row) {
        for (int vector = 0; vector < vectors; ++vector) {
            sums[row][vector] = load(c[row] + vector * lanes);
        }
    }
    for (int step = 0; step < depth; ++step) {
        Floats factors[vectors];
        for (int vector = 0; vector < vectors; ++vector) {
            factors[vector] = load(b[step] + vector * lanes);
        }
        for (int row = 0; row < rows; ++row) {
            const Floats factor = broadcast(a[row][step]);
            for (int vector = 0; vector < vectors; ++vector) {
                sums[row][vector] = multiply_add(factor, factors[vector], sums[row][vector]);
            }
        }
    }
    for (int row = 0; row < rows; ++row) {
        for (int vector = 0; vector < vectors; ++vector) {
            store(c[row] + vector * lanes, sums[row][vector]);
        }
    }
}

using Tile = void (*)(Rows<const float>, Rows<const float>, Rows<float>, int);

template<int vectors, int... rows> constexpr std::array<Tile, max_rows> tiles_of(std::integer_sequence<int, rows...>) {
    return {
        (rows < rows_for(vectors) ? multiply_tile<(rows < rows_for(vectors) ? rows + 1 : 1), vectors> : nullptr)...};
}

template<int... vectors>
constexpr std::array<std::array<Tile, max_rows>, sizeof...(vectors)> all_tiles(std::integer_sequence<int, vectors...>) {
    return {tiles_of<vectors + 1>(std::make_integer_sequence<int, max_rows>())...};
}

inline constexpr auto tiles = all_tiles(std::make_integer_sequence<int, max_vectors>());

} // namespace detail

/**
 * Adds a times b to c, whose rows are `vectors` vectors long. Each number of c is added to step by step in the order of
 * `depth`, so that it is the same whatever other rows and columns there are.
 */
inline void multiply(Rows<const float> a, Rows<const float> b, Rows<float> c, int rows, int depth, int vectors) {
    for (int vector = 0; vector < vectors;) {
        // equal widths rather than a narrow one at the end
        const int passes = (vectors - vector + detail::max_vectors - 1) / detail::max_vectors;
        const int width = (vectors - vector + passes - 1) / passes;
        const ptrdiff_t column = static_cast<ptrdiff_t>(vector) * lanes;
        for (int row = 0; row < rows;) {
            const int most = detail::rows_for(width);
            const int height = rows - row < most ? rows - row : most;
            detail::tiles[width - 1][height - 1]({a[row], a.stride}, {b.data + column, b.stride},
                                                 {c[row] + column, c.stride}, depth);
            row += height;
        }
        vector += width;
    }
}

} // namespace llmodel::kernels
