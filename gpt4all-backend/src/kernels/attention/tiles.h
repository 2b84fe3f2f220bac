#pragma once

#include "ggml.h"
#include "kernels/attention/cell_order.h"
#include "kernels/attention/few_rows.h"
#include "kernels/attention/memory.h"
#include "kernels/attention/problem.h"
#include "kernels/attention/visible_cells.h"
#include "kernels/gemm.h"
#include "kernels/simd.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace llmodel::kernels::attention {

constexpr float log2_e = 1.44269504F;
constexpr int32_t lowest_exponent = -(1 << 30); // of a row that has seen nothing
constexpr float score_limit = 1 << 30;

/** Consecutive queries of a stream that are computed together. */
struct Tile {
    int64_t stream;
    int64_t first;
    int queries;
};

/** Computes tiles, one after the other. */
class Tiles {
  public:
    Tiles(const Problem &problem, const Shared &shared, char *space)
        : problem_(problem), shared_(shared), scratch_(problem, space) {
        for (int64_t stream = 0; problem.mask && problem.positions && stream < problem.key_streams(); ++stream) {
            in_order_ = in_order_ && ascends(problem.positions_of(stream), problem.cells);
        }
    }

    /** Divides the queries: into the same tiles for each thread. */
    void make_tiles() {
        const auto all = static_cast<int32_t>(problem_.queries * problem_.streams);
        int count = 0;
        for (int32_t query = 0; query < all; ++query) {
            if (query % problem_.queries == 0 || !joins(scratch_.tile_begin[count - 1], query)) {
                scratch_.tile_begin[count++] = query;
            }
        }
        scratch_.tile_begin[count] = all;
        tiles_ = count;
    }

    int tiles() const { return tiles_; }

    /** The largest tile's. */
    int most_queries() const {
        int32_t most = 1;
        for (int tile = 0; tile < tiles_; ++tile) {
            most = std::max(most, scratch_.tile_begin[tile + 1] - scratch_.tile_begin[tile]);
        }
        return most;
    }

    /**
     * Of one tile: so many heads of keys one after the other, each with `heads` of the heads that share it, from the
     * `first_of_heads`-th on.
     */
    void compute(int index, int64_t first_key_head, int key_heads, int64_t first_of_heads, int heads) {
        const int32_t begin = scratch_.tile_begin[index];
        tile_ = {.stream = begin / problem_.queries,
                 .first = begin % problem_.queries,
                 .queries = scratch_.tile_begin[index + 1] - begin};
        first_key_head_ = first_key_head;
        first_of_heads_ = first_of_heads;
        heads_ = heads;
        rows_ = tile_.queries * heads;

        const CellBits *visible = unite_visible();
        ascending_ = in_order_ || !visible || !sort_cells(visible);
        score_as_they_lie_ = few_rows::score_of(problem_.op->src[1]->type, problem_.key_size, rows_);
        add_as_they_lie_ = few_rows::add_of(problem_.op->src[2]->type, problem_.value_size, rows_);
        for (int number = 0; number < key_heads; ++number) {
            choose(number);
            load_queries();
            std::fill(sums_[0], sums_[rows_], 0.0F);
            std::fill(exponents_, exponents_ + rows_, lowest_exponent);
        }
        int64_t blocks[2][block_size];
        CellWalk walk(visible, problem_.words);
        const auto next = [&](int64_t *cells) {
            if (!ascending_) {
                return sorted_.next(cells, block_size);
            }
            return visible ? walk.next(cells, block_size) : next_of_all(cells);
        };
        int count = next(blocks[0]);
        for (int turn = 0; count > 0; ++turn) {
            const int64_t *cells = blocks[turn % 2];
            const int count_next = next(blocks[1 - turn % 2]);
            // neighbouring heads lie beside each other in memory
            for (int number = 0; number < key_heads; ++number) {
                choose(number);
                const bool last = number + 1 == key_heads;
                then_ = {.cells = last ? blocks[1 - turn % 2] : cells,
                         .count = last ? count_next : count,
                         .key_head = last ? first_key_head : key_head_ + 1};
                score(cells, count);
                for (int query = 0; query < tile_.queries; ++query) {
                    weigh(query, cells, count);
                }
                add_values(cells, count);
            }
            count = count_next;
        }
        for (int number = 0; number < key_heads; ++number) {
            choose(number);
            write();
        }
    }

  private:
    static Rows<const float> constant(Rows<float> rows) { return {rows.data, rows.stride}; }

    /** Turns to one of the heads of keys. */
    void choose(int number) {
        const ptrdiff_t row = static_cast<ptrdiff_t>(number) * rows_;
        key_head_ = first_key_head_ + number;
        head_ = key_head_ * problem_.sharing + first_of_heads_;
        query_ = {scratch_.query[row], scratch_.query.stride};
        sums_ = {scratch_.sums[row], scratch_.sums.stride};
        exponents_ = scratch_.exponents + row;
    }

    const CellBits *visible_to(int64_t index) const { return shared_.visible + index * problem_.words; }
    int64_t index_of(int query) const { return tile_.stream * problem_.queries + tile_.first + query; }

    /** Whether a query sees about what the queries of a tile do. */
    bool joins(int32_t first, int32_t query) const {
        if (query - first >= problem_.tile_queries) {
            return false;
        }
        if (!problem_.mask) {
            return true;
        }
        const CellBits *one = visible_to(query - 1);
        const CellBits *other = visible_to(query);
        int64_t both = 0;
        int64_t either = 0;
        for (int64_t word = 0; word < problem_.words; ++word) {
            both += __builtin_popcountll(one[word] & other[word]);
            either += __builtin_popcountll(one[word] | other[word]);
        }
        return either - both <= either / 8 + 1;
    }

    /** Null if all are. */
    const CellBits *unite_visible() {
        if (!problem_.mask) {
            first_of_rest_ = 0;
            return nullptr;
        }
        if (tile_.queries == 1) {
            return visible_to(index_of(0));
        }
        std::copy_n(visible_to(index_of(0)), problem_.words, scratch_.visible);
        for (int query = 1; query < tile_.queries; ++query) {
            const CellBits *other = visible_to(index_of(query));
            for (int64_t word = 0; word < problem_.words; ++word) {
                scratch_.visible[word] |= other[word];
            }
        }
        return scratch_.visible;
    }

    /** Whether cells of a tile had to be sorted by their positions. */
    bool sort_cells(const CellBits *visible) {
        const int32_t *positions = problem_.positions_of(key_stream());
        PlacedCell *placed = scratch_.placed;
        CellWalk walk(visible, problem_.words);
        int64_t cells[block_size];
        int64_t count = 0;
        while (const int found = walk.next(cells, block_size)) {
            for (int i = 0; i < found; ++i) {
                placed[count++] = place(positions[cells[i]], cells[i]);
            }
        }
        if (std::is_sorted(placed, placed + count)) {
            return false;
        }
        sorted_ = SortedCells(merge_runs(placed, placed + problem_.cells, count), count);
        return true;
    }

    int next_of_all(int64_t *cells) {
        int count = 0;
        for (; count < block_size && first_of_rest_ < problem_.cells; ++count) {
            cells[count] = first_of_rest_++;
        }
        return count;
    }

    void load_queries() {
        const Heads queries = Heads::of(problem_.op->src[0]);
        const float factor = problem_.softcap == 0.0F ? problem_.scale * log2_e : problem_.scale;
        for (int row = 0; row < rows_; ++row) {
            const auto *from = reinterpret_cast<const float *>(
                queries.at(tile_.first + row / heads_, head_ + row % heads_, tile_.stream));
            float *to = query_[row];
            for (int64_t i = 0; i < problem_.key_size; ++i) {
                to[i] = from[i] * factor;
            }
        }
    }

    int64_t key_stream() const { return tile_.stream / (problem_.streams / problem_.key_streams()); }

    void score(const int64_t *cells, int count) {
        if (!score_as_they_lie_) {
            load_keys(cells, count);
            std::fill(scratch_.scores[0], scratch_.scores[rows_], 0.0F);
            multiply(constant(query_), constant(scratch_.keys), scratch_.scores, rows_,
                     static_cast<int>(problem_.key_size), round_up(count, lanes) / lanes);
            return;
        }
        const char *keys[block_size];
        const char *values[block_size];
        find(problem_.op->src[1], key_head_, cells, count, keys);
        find(problem_.op->src[2], key_head_, cells, count, values);
        for (int first = 0; first < count; first += lanes) {
            const int some = std::min(lanes, count - first);
            score_as_they_lie_(keys + first, constant(query_), problem_.key_size,
                               {scratch_.scores.data + first, scratch_.scores.stride},
                               {values + first, some, row_bytes(problem_.op->src[2])});
        }
    }

    static size_t row_bytes(const ggml_tensor *source) { return ggml_row_size(source->type, source->ne[0]); }

    /** Where some cells' keys or values lie; the last one's where more are taken at once. */
    void find(const ggml_tensor *source, int64_t key_head, const int64_t *cells, int count,
              const char *(&found)[block_size]) const {
        const Heads heads = Heads::of(source);
        for (int i = 0; i < round_up(count, lanes); ++i) {
            found[i] = heads.at(cells[std::min(i, count - 1)], key_head, key_stream());
        }
    }

    /** Keys lie in columns, so that a vector holds the same number of several. */
    void load_keys(const int64_t *cells, int count) {
        const char *found[block_size];
        find(problem_.op->src[1], key_head_, cells, count, found);
        for (int first = 0; first < count; first += lanes) {
            const char *const *keys = found + first;
            prefetch(problem_.op->src[2], key_head_, cells + first, std::min(lanes, count - first));
#if defined(LLMODEL_LOADS_HALVES)
            const ggml_type type = problem_.op->src[1]->type;
            if (type == GGML_TYPE_F16 && problem_.key_size % lanes == 0) {
                turn_keys(first, [keys, loader = HalfKeys()](int64_t i, Floats(&columns)[lanes]) {
                    loader.load(keys, i, columns);
                });
                continue;
            }
            if (type == GGML_TYPE_Q8_0) {
                turn_keys(first, [keys, loader = Q8_0Keys()](int64_t i, Floats(&columns)[lanes]) mutable {
                    loader.load(keys, i, columns);
                });
                continue;
            }
#endif
            for (int lane = 0; lane < lanes; ++lane) {
                problem_.read_key(keys[lane], scratch_.loaded[lane], problem_.key_size);
            }
            turn_keys(first, [&](int64_t i, Floats(&columns)[lanes]) {
                for (int lane = 0; lane < lanes; ++lane) {
                    columns[lane] = load(scratch_.loaded[lane] + i);
                }
                transpose(columns);
            });
        }
    }

    template<typename Load> void turn_keys(int first, Load load_columns) {
        const Rows<float> keys = scratch_.keys;
        const int64_t size = problem_.key_size; // which the compiler would read again for each vector
        for (int64_t i = 0; i < size; i += lanes) {
            Floats columns[lanes];
            load_columns(i, columns);
            for (int lane = 0; lane < lanes; ++lane) {
                store(keys[i + lane] + first, columns[lane]);
            }
        }
    }

    /** What is computed next, while this is. */
    void prefetch(const ggml_tensor *source, int64_t key_head, const int64_t *cells, int count) const {
        const Heads heads = Heads::of(source);
        const auto bytes = static_cast<ptrdiff_t>(row_bytes(source));
        for (int i = 0; i < count; ++i) {
            const char *row = heads.at(cells[i], key_head, key_stream());
            for (ptrdiff_t at = 0; at < bytes; at += 64) {
                __builtin_prefetch(row + at);
            }
        }
    }

    void add_values(const int64_t *cells, int count) {
        const Rows<float> values = scratch_.values;
        if (!add_as_they_lie_) {
            const auto vectors = static_cast<int>(Scratch::value_columns(problem_) / lanes);
            if (load_values(cells, count)) {
                multiply(constant(scratch_.scores), constant(values), sums_, rows_, count, vectors);
            } else {
                add_what_is_visible(values, cells, count, 0, vectors);
            }
            return;
        }
        const char *keys[block_size]; // of what comes next
        const char *some[block_size];
        find(problem_.op->src[1], then_.key_head, then_.cells, then_.count, keys);
        find(problem_.op->src[2], key_head_, cells, count, some);
        const auto vectors = static_cast<int>(problem_.value_size / lanes);
        for (int vector = 0; vector < vectors; vector += few_rows::most_vectors) {
            const int width = std::min(few_rows::most_vectors, vectors - vector);
            const few_rows::Add add = (*add_as_they_lie_)[static_cast<size_t>(width - 1)];
            const int begin = then_.count * vector / vectors;
            const int end = then_.count * (vector + width) / vectors;
            if (!add(some, constant(scratch_.scores), count, ptrdiff_t{vector} * lanes, sums_,
                     {keys + begin, end - begin, row_bytes(problem_.op->src[1])})) {
                load_values(cells, count);
                add_what_is_visible(values, cells, count, vector, width);
            }
        }
        for (int row = 0; row < rows_; ++row) {
            float sum = sums_[row][problem_.value_size];
            for (int i = 0; i < count; ++i) {
                sum += scratch_.scores[row][i];
            }
            sums_[row][problem_.value_size] = sum;
        }
    }

    /** Whether all of them are finite. */
    bool load_values(const int64_t *cells, int count) {
        const Heads values = Heads::of(problem_.op->src[2]);
        const int64_t stream = key_stream();
        const auto from = [&](int i) { return values.at(cells[i], key_head_, stream); };
#if defined(LLMODEL_LOADS_HALVES)
        if (problem_.op->src[2]->type == GGML_TYPE_F16 && problem_.value_size % lanes == 0) {
            return fill_values(count, [&](int i) {
                return [row = reinterpret_cast<const ggml_fp16_t *>(from(i))](int64_t column) {
                    return load_halves(row + column);
                };
            });
        }
#endif
        for (int i = 0; i < count; ++i) {
            problem_.read_value(from(i), scratch_.values[i], problem_.value_size);
            std::fill(scratch_.values[i] + problem_.value_size, scratch_.values[i] + Scratch::value_columns(problem_),
                      0.0F);
        }
        return fill_values(
            count, [&](int i) { return [row = scratch_.values[i]](int64_t column) { return load(row + column); }; });
    }

    template<typename LoaderOf> bool fill_values(int count, LoaderOf loader_of) {
        Floats zeros{};
        Floats one{};
        one[0] = 1.0F;
        for (int i = 0; i < count; ++i) {
            if (i < then_.count) {
                prefetch(problem_.op->src[1], then_.key_head, then_.cells + i, 1);
            }
            float *row = scratch_.values[i];
            const auto load_some = loader_of(i);
            const int64_t size = problem_.value_size; // which the compiler would read again for each vector
            for (int64_t column = 0; column < size; column += lanes) {
                const Floats some = load_some(column);
                zeros += some * 0.0F; // not 0 of what is not finite
                store(row + column, some);
            }
            if (problem_.value_size % lanes == 0) {
                store(row + problem_.value_size, one);
            } else {
                row[problem_.value_size] = 1.0F;
            }
        }
        return all_zero(zeros);
    }

    /** Leaves out what 0 times a value would not: another conversation's that is infinite or not a number. */
    void add_what_is_visible(Rows<float> values, const int64_t *cells, int count, int first, int vectors) {
        const ptrdiff_t column = ptrdiff_t{first} * lanes;
        for (int row = 0; row < rows_; ++row) {
            CellBits visible = ~CellBits{0};
            if (problem_.mask) {
                visible = choose_bits(visible_to(index_of(row / heads_)), cells, count, ascending_);
            }
            for (int i = 0; i < count; ++i) {
                if (visible >> i & 1U) {
                    multiply({scratch_.scores[row] + i, 1}, {values[i] + column, 0}, {sums_[row] + column, 0}, 1, 1,
                             vectors);
                }
            }
        }
    }

    /** Turns a query's scores into weights, 0 for what it does not see. */
    void weigh(int query, const int64_t *cells, int count) {
        const int64_t index = index_of(query);
        const CellBits all = count == block_size ? ~CellBits{0} : (CellBits{1} << count) - 1;
        const CellBits visible = problem_.mask ? choose_bits(visible_to(index), cells, count, ascending_) : all;
        float bias[block_size];
        const bool biased = problem_.mask && shared_.weighed[index];
        if (biased) {
            const ggml_fp16_t *mask = problem_.mask_of(tile_.first + query, tile_.stream);
            for (int i = 0; i < count; ++i) {
                bias[i] = ggml_fp16_to_fp32(mask[cells[i]]);
            }
        }
        const ptrdiff_t columns = round_up(count, lanes);
        for (int row = query * heads_; row < (query + 1) * heads_; ++row) {
            float *scores = scratch_.scores[row];
            if (problem_.softcap != 0.0F) {
                cap(scores, columns);
            }
            if (biased) {
                const float slope = problem_.slope_of(head_ + row % heads_) * log2_e;
                for (int i = 0; i < count; ++i) {
                    scores[i] += slope * bias[i];
                }
            }
            for (CellBits hidden = ~visible; hidden != 0; hidden &= hidden - 1) {
                scores[__builtin_ctzll(hidden)] = -INFINITY;
            }
            to_weights(row, columns);
        }
    }

    /** softcap * tanh(score), in the units of all scores. */
    void cap(float *scores, ptrdiff_t columns) const {
        for (ptrdiff_t column = 0; column < columns; column += lanes) {
            const Floats twice = load(scores + column) * (2.0F * log2_e);
            const Floats limited = twice > 64.0F ? broadcast(64.0F) : larger(broadcast(-64.0F), twice);
            Floats power = exp2_below(limited - 64.0F, Ints{}) * 0x1p64F;
            power = 1.0F - 2.0F / (power + 1.0F);
            store(scores + column, power * (problem_.softcap * log2_e));
        }
    }

    void to_weights(int row, ptrdiff_t columns) {
        float *scores = scratch_.scores[row];
        Floats most = broadcast(-score_limit);
        for (ptrdiff_t column = 0; column < columns; column += lanes) {
            Floats limited = larger(broadcast(-score_limit), load(scores + column));
            limited = limited > score_limit ? broadcast(score_limit) : limited;
            store(scores + column, limited);
            most = larger(limited, most);
        }
        const float found = std::ceil(largest(most));
        if (found > -score_limit && static_cast<int32_t>(found) > exponents_[row]) {
            const auto exponent = static_cast<int32_t>(found);
            rescale(row, exponents_[row] - exponent);
            exponents_[row] = exponent;
        }
        // a row that has seen nothing would otherwise have weights of 1
        const int32_t exponent = std::max(exponents_[row], lowest_exponent + 128);
        for (ptrdiff_t column = 0; column < columns; column += lanes) {
            store(scores + column, exp2_below(load(scores + column), Ints{} + exponent));
        }
    }

    void rescale(int row, int32_t exponent) {
        const Floats factor = broadcast(exponent < -126 ? 0.0F : std::ldexp(1.0F, exponent));
        float *sums = sums_[row];
        for (ptrdiff_t column = 0; column < Scratch::value_columns(problem_); column += lanes) {
            store(sums + column, load(sums + column) * factor);
        }
    }

    void write() const {
        ggml_tensor *output = const_cast<ggml_tensor *>(problem_.op);
        for (int row = 0; row < rows_; ++row) {
            const float *sums = sums_[row];
            const int64_t head = head_ + row % heads_;
            float whole = sums[problem_.value_size];
            if (problem_.sinks) {
                whole += std::exp2(problem_.sinks[head] * log2_e - static_cast<float>(exponents_[row]));
            }
            const float factor = whole == 0.0F ? 0.0F : 1.0F / whole;
            const int64_t query = tile_.stream * problem_.queries + tile_.first + row / heads_;
            auto *to = reinterpret_cast<float *>(static_cast<char *>(output->data) +
                                                 static_cast<size_t>(query * problem_.heads + head) * output->nb[1]);
            for (int64_t i = 0; i < problem_.value_size; ++i) {
                to[i] = sums[i] * factor;
            }
        }
    }

    const Problem &problem_;
    const Shared &shared_;
    Scratch scratch_;
    int tiles_ = 0;
    bool in_order_ = true; // cells, by their positions
    Tile tile_{};
    // null where keys or values are unpacked first
    few_rows::Score score_as_they_lie_ = nullptr;
    const few_rows::AddOfWidths *add_as_they_lie_ = nullptr;
    bool ascending_ = true; // the tile's cells, as they are taken
    SortedCells sorted_;
    int64_t first_key_head_ = 0;
    int64_t first_of_heads_ = 0;
    int heads_ = 0;        // that share a head of keys
    int rows_ = 0;         // of queries and these heads
    int64_t key_head_ = 0; // at present, with what follows
    int64_t head_ = 0;
    Rows<float> query_{};
    Rows<float> sums_{};
    int32_t *exponents_ = nullptr;
    int64_t first_of_rest_ = 0;
    struct {
        const int64_t *cells;
        int count;
        int64_t key_head;
    } then_{}; // what keys are needed after these
};

} // namespace llmodel::kernels::attention
