#pragma once

#include "kernels/attention/cell_order.h"
#include "kernels/attention/loaders.h"
#include "kernels/attention/problem.h"
#include "kernels/gemm.h"

#include <cstddef>
#include <cstdint>

namespace llmodel::kernels::attention {

template<typename Number> Number round_up(Number number, Number to) {
    return (number + to - 1) / to * to;
}

/** What all threads share, at the beginning of the work space. */
struct Shared {
    CellBits *visible; // [stream][query][words], none without a mask
    uint8_t *weighed;  // [stream][query]: masks that are neither 0 nor -inf

    static size_t size(const Problem &problem) {
        const auto rows = static_cast<size_t>(problem.queries * problem.streams);
        return problem.mask ? rows * static_cast<size_t>(problem.words) * sizeof(CellBits) + round_up<size_t>(rows, 64)
                            : 0;
    }

    Shared(const Problem &problem, char *space)
        : visible(reinterpret_cast<CellBits *>(space)),
          weighed(reinterpret_cast<uint8_t *>(visible + problem.queries * problem.streams * problem.words)) {}
};

/** A thread's own numbers. */
struct Scratch {
    Rows<float> query;   // [row][key_size], as they are multiplied
    Rows<float> loaded;  // [lanes][key_size], keys of some cells
    Rows<float> keys;    // [key_size][block_size]
    Rows<float> values;  // [block_size][value_columns]
    Rows<float> scores;  // [row][block_size], then weights
    Rows<float> sums;    // [row][value_columns]
    int32_t *exponents;  // [row]
    CellBits *visible;   // [words], of a whole tile
    PlacedCell *placed;  // [2][cells], to sort them, where cells have positions
    int32_t *tile_begin; // [stream][query + 1]

    /** Behind a row of values stands a 1, which sums up the weights. */
    static ptrdiff_t value_columns(const Problem &problem) { return round_up<int64_t>(problem.value_size + 1, lanes); }
    static ptrdiff_t key_columns(const Problem &problem) { return round_up<int64_t>(problem.key_size, lanes); }

    static int64_t placed_cells(const Problem &problem) { return problem.positions ? 2 * problem.cells : 0; }

    static size_t size(const Problem &problem) {
        const auto floats = (max_tile_rows + lanes) * key_columns(problem) + key_columns(problem) * block_size +
                            (block_size + max_tile_rows) * value_columns(problem) +
                            ptrdiff_t{max_tile_rows} * block_size;
        const size_t bytes = static_cast<size_t>(floats) * sizeof(float) + max_tile_rows * sizeof(int32_t) +
                             static_cast<size_t>(problem.words) * sizeof(CellBits) +
                             static_cast<size_t>(placed_cells(problem)) * sizeof(PlacedCell) +
                             static_cast<size_t>(problem.queries * problem.streams + 1) * sizeof(int32_t);
        return round_up<size_t>(bytes, 64) + 64;
    }

    Scratch(const Problem &problem, char *space) {
        auto *next = reinterpret_cast<float *>(space);
        const auto take = [&](int64_t rows, ptrdiff_t stride) {
            const Rows<float> taken{next, stride};
            next += rows * stride;
            return taken;
        };
        query = take(max_tile_rows, key_columns(problem));
        loaded = take(lanes, key_columns(problem));
        keys = take(key_columns(problem), block_size);
        values = take(block_size, value_columns(problem));
        scores = take(max_tile_rows, block_size);
        sums = take(max_tile_rows, value_columns(problem));
        visible = reinterpret_cast<CellBits *>(next);
        placed = reinterpret_cast<PlacedCell *>(visible + problem.words);
        exponents = reinterpret_cast<int32_t *>(placed + placed_cells(problem));
        tile_begin = exponents + max_tile_rows;
    }
};

} // namespace llmodel::kernels::attention
