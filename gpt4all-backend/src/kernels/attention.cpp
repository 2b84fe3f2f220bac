// Attention of queries to the cells of a cache, of which each query sees its own.
//
// Queries that see much the same cells are computed together, with all heads that share a head of keys: a tile. The
// cells that one of its queries sees are taken 64 at a time: scores, weights, and the weighted sum of values, as in
// flash attention (Dao 2022, arXiv:2205.14135).
//
// What comes out for a query does not depend on what else is computed, on other cells of the cache, or on the number of
// threads, bit by bit. Every sum has one order: a score that of the numbers of a key, a weighted sum that of the cells,
// where a cell that a query does not see adds 0. Weights are powers of 2 relative to a whole exponent that is not below
// the largest score's, so that it does not matter when a larger one is found: all that changes is scaled by a power
// of 2.

#include "kernels/attention.h"

#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include "kernels/gemm.h"
#include "kernels/simd.h"
#include "kernels/visible_cells.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace llmodel::kernels {

namespace {

constexpr int block_size = 64; // cells
constexpr int max_tile_rows = 48;
constexpr float log2_e = 1.44269504F;
constexpr int32_t lowest_exponent = -(1 << 30); // of a row that has seen nothing
constexpr float score_limit = 1 << 30;

template<typename Number> Number round_up(Number number, Number to) {
    return (number + to - 1) / to * to;
}

using ToFloats = void (*)(const void *, float *, int64_t);

void halves_to_floats(const void *from, float *to, int64_t count) {
    ggml_cpu_fp16_to_fp32(static_cast<const ggml_fp16_t *>(from), to, count);
}

void bfloats_to_floats(const void *from, float *to, int64_t count) {
    ggml_cpu_bf16_to_fp32(static_cast<const ggml_bf16_t *>(from), to, count);
}

void copy_floats(const void *from, float *to, int64_t count) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
}

/** Null if the type cannot be turned into single precision. */
ToFloats reader_of(ggml_type type) {
    switch (type) {
    case GGML_TYPE_F32:
        return copy_floats;
    case GGML_TYPE_F16:
        return halves_to_floats;
    case GGML_TYPE_BF16:
        return bfloats_to_floats;
    default:
        return ggml_get_type_traits(type)->to_float;
    }
}

/** A tensor of numbers by head and position; sequences that do not share a cache have one each, a stream. */
struct Heads {
    const char *data;
    size_t to_position;
    size_t to_head;
    size_t to_stream;

    static Heads of(const ggml_tensor *tensor) {
        return {static_cast<const char *>(tensor->data), tensor->nb[1], tensor->nb[2], tensor->nb[3]};
    }

    const char *at(int64_t position, int64_t head, int64_t stream) const {
        return data + static_cast<size_t>(position) * to_position + static_cast<size_t>(head) * to_head +
               static_cast<size_t>(stream) * to_stream;
    }
};

struct Problem {
    const ggml_tensor *op;
    const ggml_tensor *mask;
    const float *sinks;

    int64_t key_size, value_size, queries, heads, streams, cells, key_heads;
    int64_t sharing; // heads that share a head of keys
    int tile_heads;  // of these, at once
    int tile_queries;
    int64_t words; // of bits for all cells

    ToFloats read_key, read_value;
    float scale, max_bias, softcap;

    explicit Problem(const ggml_tensor *of)
        : op(of), mask(of->src[3]), sinks(of->src[4] ? static_cast<const float *>(of->src[4]->data) : nullptr),
          key_size(of->src[1]->ne[0]), value_size(of->src[2]->ne[0]), queries(of->src[0]->ne[1]),
          heads(of->src[0]->ne[2]), streams(of->src[0]->ne[3]), cells(of->src[1]->ne[1]), key_heads(of->src[1]->ne[2]),
          sharing(heads / key_heads), tile_heads(static_cast<int>(std::min<int64_t>(sharing, max_tile_rows))),
          tile_queries(static_cast<int>(std::min<int64_t>(max_tile_rows / tile_heads, queries))),
          words((cells + cells_in_bits - 1) / cells_in_bits), read_key(reader_of(of->src[1]->type)),
          read_value(reader_of(of->src[2]->type)) {
        std::memcpy(&scale, of->op_params, sizeof(float));
        std::memcpy(&max_bias, of->op_params + 1, sizeof(float));
        std::memcpy(&softcap, of->op_params + 2, sizeof(float));
        if (softcap != 0.0F) {
            scale /= softcap;
        }
    }

    bool is_ours() const {
        const ggml_tensor *query = op->src[0];
        const ggml_tensor *keys = op->src[1];
        const ggml_tensor *values = op->src[2];
        return query->type == GGML_TYPE_F32 && query->nb[0] == sizeof(float) && read_key && read_value &&
               keys->nb[0] == ggml_type_size(keys->type) && values->nb[0] == ggml_type_size(values->type) &&
               values->ne[2] == key_heads && values->ne[3] == keys->ne[3] && heads % key_heads == 0 &&
               streams % keys->ne[3] == 0 &&
               (!mask || (mask->type == GGML_TYPE_F16 && mask->ne[2] == 1 && streams % mask->ne[3] == 0));
    }

    /** ALiBi (Press 2021, arXiv:2108.12409): what a head multiplies the mask by. */
    float slope_of(int64_t head) const {
        if (max_bias <= 0.0F) {
            return 1.0F;
        }
        const auto below = static_cast<int64_t>(1) << static_cast<int>(std::log2(static_cast<double>(heads)));
        const auto of_all = static_cast<float>(below);
        return head < below
                   ? std::pow(std::exp2(-max_bias / of_all), static_cast<float>(head + 1))
                   : std::pow(std::exp2(-max_bias / 2.0F / of_all), static_cast<float>(2 * (head - below) + 1));
    }

    const ggml_fp16_t *mask_of(int64_t query, int64_t stream) const {
        return reinterpret_cast<const ggml_fp16_t *>(Heads::of(mask).at(query, 0, stream % mask->ne[3]));
    }
};

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

/** Consecutive queries of a stream that are computed together. */
struct Tile {
    int64_t stream;
    int64_t first;
    int queries;
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
    int32_t *tile_begin; // [stream][query + 1]

    /** Behind a row of values stands a 1, which sums up the weights. */
    static ptrdiff_t value_columns(const Problem &problem) { return round_up<int64_t>(problem.value_size + 1, lanes); }
    static ptrdiff_t key_columns(const Problem &problem) { return round_up<int64_t>(problem.key_size, lanes); }

    static size_t size(const Problem &problem) {
        const auto floats = (max_tile_rows + lanes) * key_columns(problem) + key_columns(problem) * block_size +
                            (block_size + max_tile_rows) * value_columns(problem) +
                            ptrdiff_t{max_tile_rows} * block_size;
        const size_t bytes = static_cast<size_t>(floats) * sizeof(float) + max_tile_rows * sizeof(int32_t) +
                             static_cast<size_t>(problem.words) * sizeof(CellBits) +
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
        exponents = reinterpret_cast<int32_t *>(visible + problem.words);
        tile_begin = exponents + max_tile_rows;
    }
};

/** Computes tiles, one after the other. */
class Worker {
  public:
    Worker(const Problem &problem, const Shared &shared, char *space)
        : problem_(problem), shared_(shared), scratch_(problem, space) {}

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

    void compute(int index, int64_t key_head, int64_t head, int heads) {
        const int32_t begin = scratch_.tile_begin[index];
        tile_ = {.stream = begin / problem_.queries,
                 .first = begin % problem_.queries,
                 .queries = scratch_.tile_begin[index + 1] - begin};
        key_head_ = key_head;
        head_ = head;
        heads_ = heads;
        rows_ = tile_.queries * heads;

        const CellBits *visible = unite_visible();
        load_queries();
        const auto columns = Scratch::value_columns(problem_);
        std::fill(scratch_.sums[0], scratch_.sums[rows_], 0.0F);
        std::fill(scratch_.exponents, scratch_.exponents + rows_, lowest_exponent);
        int64_t blocks[2][block_size];
        CellWalk walk(visible, problem_.words);
        const auto next = [&](int64_t *cells) { return visible ? walk.next(cells, block_size) : next_of_all(cells); };
        int count = next(blocks[0]);
        for (int turn = 0; count > 0; ++turn) {
            const int64_t *cells = blocks[turn % 2];
            const int count_next = next(blocks[1 - turn % 2]);
            prefetch(blocks[1 - turn % 2], count_next);
            load_keys(cells, count);
            std::fill(scratch_.scores[0], scratch_.scores[rows_], 0.0F);
            multiply(constant(scratch_.query), constant(scratch_.keys), scratch_.scores, rows_,
                     static_cast<int>(problem_.key_size), round_up(count, lanes) / lanes);
            for (int query = 0; query < tile_.queries; ++query) {
                weigh(query, cells, count);
            }
            if (load_values(cells, count)) {
                multiply(constant(scratch_.scores), constant(scratch_.values), scratch_.sums, rows_, count,
                         static_cast<int>(columns / lanes));
            } else {
                add_what_is_visible(cells, count);
            }
            count = count_next;
        }
        write();
    }

  private:
    static Rows<const float> constant(Rows<float> rows) { return {rows.data, rows.stride}; }

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
            float *to = scratch_.query[row];
            for (int64_t i = 0; i < problem_.key_size; ++i) {
                to[i] = from[i] * factor;
            }
        }
    }

    int64_t key_stream() const { return tile_.stream / (problem_.streams / problem_.op->src[1]->ne[3]); }

    /** Keys lie in columns, so that a vector holds the same number of several. */
    void load_keys(const int64_t *cells, int count) {
        const Heads keys = Heads::of(problem_.op->src[1]);
        const int64_t stream = key_stream();
        for (int first = 0; first < count; first += lanes) {
            const char *some[lanes];
            for (int lane = 0; lane < lanes; ++lane) {
                some[lane] = keys.at(cells[std::min(first + lane, count - 1)], key_head_, stream);
            }
#if defined(LLMODEL_LOADS_HALVES)
            if (problem_.op->src[1]->type == GGML_TYPE_F16 && problem_.key_size % lanes == 0) {
                turn_keys(first, [&](int lane, int64_t i) {
                    return load_halves(reinterpret_cast<const ggml_fp16_t *>(some[lane]) + i);
                });
                continue;
            }
#endif
            for (int lane = 0; lane < lanes; ++lane) {
                problem_.read_key(some[lane], scratch_.loaded[lane], problem_.key_size);
            }
            turn_keys(first, [&](int lane, int64_t i) { return load(scratch_.loaded[lane] + i); });
        }
    }

    template<typename Load> void turn_keys(int first, Load load_some) {
        for (int64_t i = 0; i < problem_.key_size; i += lanes) {
            Floats square[lanes];
            for (int lane = 0; lane < lanes; ++lane) {
                square[lane] = load_some(lane, i);
            }
            transpose(square);
            for (int lane = 0; lane < lanes; ++lane) {
                store(scratch_.keys[i + lane] + first, square[lane]);
            }
        }
    }

    /** What is computed next, while this is. */
    void prefetch(const int64_t *cells, int count) const {
        const ggml_tensor *sources[] = {problem_.op->src[1], problem_.op->src[2]};
        for (const ggml_tensor *source : sources) {
            const Heads heads = Heads::of(source);
            const auto bytes = static_cast<ptrdiff_t>(ggml_row_size(source->type, source->ne[0]));
            for (int i = 0; i < count; ++i) {
                const char *row = heads.at(cells[i], key_head_, key_stream());
                for (ptrdiff_t at = 0; at < bytes; at += 64) {
                    __builtin_prefetch(row + at);
                }
            }
        }
    }

    /** Whether all of them are finite. */
    bool load_values(const int64_t *cells, int count) {
        const Heads values = Heads::of(problem_.op->src[2]);
        const int64_t stream = key_stream();
        const auto from = [&](int i) { return values.at(cells[i], key_head_, stream); };
#if defined(LLMODEL_LOADS_HALVES)
        if (problem_.op->src[2]->type == GGML_TYPE_F16 && problem_.value_size % lanes == 0) {
            return fill_values(count, [&](int i, int64_t column) {
                return load_halves(reinterpret_cast<const ggml_fp16_t *>(from(i)) + column);
            });
        }
#endif
        for (int i = 0; i < count; ++i) {
            problem_.read_value(from(i), scratch_.values[i], problem_.value_size);
            std::fill(scratch_.values[i] + problem_.value_size, scratch_.values[i] + Scratch::value_columns(problem_),
                      0.0F);
        }
        return fill_values(count, [&](int i, int64_t column) { return load(scratch_.values[i] + column); });
    }

    template<typename Load> bool fill_values(int count, Load load_some) {
        Floats zeros{};
        Floats one{};
        one[0] = 1.0F;
        for (int i = 0; i < count; ++i) {
            float *row = scratch_.values[i];
            for (int64_t column = 0; column < problem_.value_size; column += lanes) {
                const Floats some = load_some(i, column);
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
    void add_what_is_visible(const int64_t *cells, int count) {
        const auto vectors = static_cast<int>(Scratch::value_columns(problem_) / lanes);
        for (int row = 0; row < rows_; ++row) {
            CellBits visible = ~CellBits{0};
            if (problem_.mask) {
                visible = choose_bits(visible_to(index_of(row / heads_)), cells, count);
            }
            for (int i = 0; i < count; ++i) {
                if (visible >> i & 1U) {
                    multiply({scratch_.scores[row] + i, 1}, {scratch_.values[i], 0}, {scratch_.sums[row], 0}, 1, 1,
                             vectors);
                }
            }
        }
    }

    /** Turns a query's scores into weights, 0 for what it does not see. */
    void weigh(int query, const int64_t *cells, int count) {
        const int64_t index = index_of(query);
        const CellBits all = count == block_size ? ~CellBits{0} : (CellBits{1} << count) - 1;
        const CellBits visible = problem_.mask ? choose_bits(visible_to(index), cells, count) : all;
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
        if (found > -score_limit && static_cast<int32_t>(found) > scratch_.exponents[row]) {
            const auto exponent = static_cast<int32_t>(found);
            rescale(row, scratch_.exponents[row] - exponent);
            scratch_.exponents[row] = exponent;
        }
        // a row that has seen nothing would otherwise have weights of 1
        const int32_t exponent = std::max(scratch_.exponents[row], lowest_exponent + 128);
        for (ptrdiff_t column = 0; column < columns; column += lanes) {
            store(scores + column, exp2_below(load(scores + column), Ints{} + exponent));
        }
    }

    void rescale(int row, int32_t exponent) {
        const Floats factor = broadcast(exponent < -126 ? 0.0F : std::ldexp(1.0F, exponent));
        float *sums = scratch_.sums[row];
        for (ptrdiff_t column = 0; column < Scratch::value_columns(problem_); column += lanes) {
            store(sums + column, load(sums + column) * factor);
        }
    }

    void write() const {
        ggml_tensor *output = const_cast<ggml_tensor *>(problem_.op);
        for (int row = 0; row < rows_; ++row) {
            const float *sums = scratch_.sums[row];
            const int64_t head = head_ + row % heads_;
            float whole = sums[problem_.value_size];
            if (problem_.sinks) {
                whole += std::exp2(problem_.sinks[head] * log2_e - static_cast<float>(scratch_.exponents[row]));
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
    Tile tile_{};
    int64_t key_head_ = 0;
    int64_t head_ = 0;
    int heads_ = 0;
    int rows_ = 0;
    int64_t first_of_rest_ = 0;
};

} // namespace

} // namespace llmodel::kernels

using namespace llmodel::kernels;

size_t llmodel_attention_work_size(int n_threads, const ggml_tensor *op) {
    const Problem problem(op);
    if (!problem.is_ours()) {
        return 0;
    }
    return round_up<size_t>(Shared::size(problem), 64) + static_cast<size_t>(n_threads) * Scratch::size(problem) + 64;
}

bool llmodel_attention(const ggml_compute_params *params, ggml_tensor *op) {
    const Problem problem(op);
    if (params->use_ref || !problem.is_ours()) {
        return false;
    }
    char *space = static_cast<char *>(params->wdata);
    const Shared shared(problem, space);
    space += round_up<size_t>(Shared::size(problem), 64) + static_cast<size_t>(params->ith) * Scratch::size(problem);

    if (problem.mask) {
        const int64_t all = problem.queries * problem.streams;
        for (int64_t index = params->ith; index < all; index += params->nth) {
            shared.weighed[index] = find_visible(problem.mask_of(index % problem.queries, index / problem.queries),
                                                 problem.cells, shared.visible + index * problem.words);
        }
    }
    if (params->ith == 0) {
        ggml_threadpool_chunk_set(params->threadpool, params->nth);
    }
    ggml_barrier(params->threadpool);

    Worker worker(problem, shared, space);
    worker.make_tiles();

    // Loading keys and values costs about as much as six rows: heads that share them are parted if there are threads
    // for it.
    const auto passes = (problem.sharing + problem.tile_heads - 1) / problem.tile_heads;
    const int64_t undivided = worker.tiles() * problem.key_heads * passes;
    int parts = 1;
    int64_t least = INT64_MAX;
    for (int tried = 1; tried <= problem.tile_heads; ++tried) {
        const int64_t rows = 6 + (problem.tile_heads + tried - 1) / tried;
        const int64_t time = (undivided * tried + params->nth - 1) / params->nth * rows;
        if (time < least) {
            least = time;
            parts = tried;
        }
    }
    const int heads = (problem.tile_heads + parts - 1) / parts;
    const int64_t groups = (problem.sharing + heads - 1) / heads;
    const int64_t work = worker.tiles() * problem.key_heads * groups;
    for (int64_t item = params->ith; item < work; item = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        const int64_t group = item % groups;
        const int64_t key_head = item / groups % problem.key_heads;
        const int64_t first = group * heads;
        worker.compute(static_cast<int>(item / groups / problem.key_heads), key_head,
                       key_head * problem.sharing + first,
                       static_cast<int>(std::min<int64_t>(heads, problem.sharing - first)));
    }
    return true;
}
