#pragma once

// Products with keys and values as they lie in the cache. For few rows, what is unpacked first, and read again to be
// multiplied, is used too seldom. Sums have the order of gemm.h, so that they are the same bit by bit.

#include "ggml.h"
#include "kernels/attention/loaders.h"
#include "kernels/gemm.h"
#include "kernels/simd.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace llmodel::kernels::attention {

/** Rows that are needed next, fetched a line at a time: all of them at once would wait for each other. */
class Ahead {
  public:
    Ahead(const char *const *rows, int count, size_t bytes)
        : row_(rows), end_(rows + count), bytes_(static_cast<ptrdiff_t>(bytes)) {}

    /** Lines of so many rows. */
    int64_t lines_of(int rows) const { return rows * ((bytes_ + line - 1) / line); }

    void fetch() {
        if (row_ == end_) {
            return;
        }
        __builtin_prefetch(*row_ + at_);
        at_ += line;
        if (at_ >= bytes_) { // memory is quicker where neighbours are asked for one after the other
            at_ = 0;
            ++row_;
        }
    }

  private:
    static constexpr ptrdiff_t line = 64;

    const char *const *row_;
    const char *const *end_;
    ptrdiff_t bytes_; // of each
    ptrdiff_t at_ = 0;
};

namespace few_rows {

constexpr int most_rows = 6;
constexpr int most_vectors = registers == 32 ? 4 : 2;

/** Scores of as many keys as a vector has lanes, beside each other. size: of a key, in numbers. */
using Score = void (*)(const char *const *keys, Rows<const float> query, int64_t size, Rows<float> scores, Ahead ahead);

/** Adds weighted values to sums, from a column on; false, and adds nothing, if one of them is not finite. */
using Add = bool (*)(const char *const *values, Rows<const float> weights, int count, int64_t column, Rows<float> sums,
                     Ahead ahead);
using AddOfWidths = std::array<Add, most_vectors>;

#if defined(LLMODEL_LOADS_HALVES)
namespace detail {

template<typename Keys, int rows>
void score(const char *const *keys, Rows<const float> query, int64_t size, Rows<float> scores, Ahead ahead) {
    const int64_t lines = (ahead.lines_of(lanes) * lanes + size - 1) / size; // at a time
    Floats sums[rows]{};
    Keys loader;
    for (int64_t i = 0; i < size; i += lanes) {
        for (int64_t line = 0; line < lines; ++line) {
            ahead.fetch();
        }
        Floats columns[lanes];
        loader.load(keys, i, columns);
        for (int lane = 0; lane < lanes; ++lane) {
            for (int row = 0; row < rows; ++row) {
                sums[row] = multiply_add(broadcast(query[row][i + lane]), columns[lane], sums[row]);
            }
        }
    }
    for (int row = 0; row < rows; ++row) {
        store(scores[row], sums[row]);
    }
}

template<typename Values, int rows, int vectors>
bool add(const char *const *values, Rows<const float> weights, int count, int64_t column, Rows<float> sums,
         Ahead ahead) {
    Floats added[rows][vectors];
    for (int row = 0; row < rows; ++row) {
        for (int vector = 0; vector < vectors; ++vector) {
            added[row][vector] = load(sums[row] + column + vector * lanes);
        }
    }
    Floats zeros{};
    for (int i = 0; i < count; ++i) {
        ahead.fetch();
        Floats value[vectors];
        for (int vector = 0; vector < vectors; ++vector) {
            value[vector] = Values::load(values[i], column + vector * lanes);
            zeros += value[vector] * 0.0F; // not 0 of what is not finite
        }
        for (int row = 0; row < rows; ++row) {
            const Floats weight = broadcast(weights[row][i]);
            for (int vector = 0; vector < vectors; ++vector) {
                added[row][vector] = multiply_add(weight, value[vector], added[row][vector]);
            }
        }
    }
    if (!all_zero(zeros)) {
        return false;
    }
    for (int row = 0; row < rows; ++row) {
        for (int vector = 0; vector < vectors; ++vector) {
            store(sums[row] + column + vector * lanes, added[row][vector]);
        }
    }
    return true;
}

template<typename Keys, int... rows>
constexpr std::array<Score, most_rows> scores_of(std::integer_sequence<int, rows...> /*from 0*/) {
    return {score<Keys, rows + 1>...};
}

template<typename Values, int rows, int... vectors>
constexpr AddOfWidths adds_of_widths(std::integer_sequence<int, vectors...> /*from 0*/) {
    return {add<Values, rows, vectors + 1>...};
}

template<typename Values, int... rows>
constexpr std::array<AddOfWidths, most_rows> adds_of(std::integer_sequence<int, rows...> /*from 0*/) {
    return {adds_of_widths<Values, rows + 1>(std::make_integer_sequence<int, most_vectors>())...};
}

using EachRows = std::make_integer_sequence<int, most_rows>;

} // namespace detail
#endif

/** Null if keys have to be unpacked. size: of a key, in numbers. */
inline Score score_of([[maybe_unused]] ggml_type keys, [[maybe_unused]] int64_t size, [[maybe_unused]] int rows) {
#if defined(LLMODEL_LOADS_HALVES)
    static constexpr auto of_halves = detail::scores_of<HalfKeys>(detail::EachRows());
    static constexpr auto of_q8_0 = detail::scores_of<Q8_0Keys>(detail::EachRows());
    if (rows <= most_rows && size % lanes == 0) {
        const auto index = static_cast<size_t>(rows - 1);
        return keys == GGML_TYPE_F16 ? of_halves[index] : keys == GGML_TYPE_Q8_0 ? of_q8_0[index] : nullptr;
    }
#endif
    return nullptr;
}

/** For 1, 2, ... vectors at once; null if values have to be unpacked. size: of a value, in numbers. */
inline const AddOfWidths *add_of([[maybe_unused]] ggml_type values, [[maybe_unused]] int64_t size,
                                 [[maybe_unused]] int rows) {
#if defined(LLMODEL_LOADS_HALVES)
    static constexpr auto of_halves = detail::adds_of<HalfValues>(detail::EachRows());
    static constexpr auto of_q8_0 = detail::adds_of<Q8_0Values>(detail::EachRows());
    if (rows <= most_rows && size % lanes == 0) {
        const auto index = static_cast<size_t>(rows - 1);
        return values == GGML_TYPE_F16 ? &of_halves[index] : values == GGML_TYPE_Q8_0 ? &of_q8_0[index] : nullptr;
    }
#endif
    return nullptr;
}

} // namespace few_rows
} // namespace llmodel::kernels::attention
