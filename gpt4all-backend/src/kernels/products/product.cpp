// Products of weights in panels with inputs, by all threads of a pool.
//
// Inputs are rounded once, or by each thread for itself where that takes less than waiting for another; those of
// experts are put together by expert. Then each thread takes the next part of the work, some panels and some inputs,
// until none is left, so that a slow one holds nobody up. Matrices that have the same inputs are computed as one that
// is taller.

#include "kernels/products/product.h"

#include "ggml-cpu-impl.h"
#include "ggml.h"
#include "kernels/products/activations.h"
#include "kernels/products/lay_out.h"
#include "kernels/products/strips.h"
#include "kernels/products/tile.h"
#include "kernels/products/unpack.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#ifdef LLMODEL_HAS_PRODUCTS

namespace llmodel::kernels::products {

namespace {

// Inputs that a chunk of weights is unpacked for: as many as leave work for all threads.
constexpr int64_t most_inputs = 256;
constexpr int64_t fewest_inputs = 32;
constexpr int64_t parts_for_each_thread = 8;

// Of weights that a thread reads one behind the other. What is multiplied with many inputs is read for each block of
// them again, and has to stay in the thread's own cache.
constexpr int64_t strip_bytes = 128 << 10;
constexpr int64_t strip_bytes_read_once = 1 << 20;

// Numbers that a thread rounds in about the time in which two wait for each other.
constexpr int64_t numbers_rounded_by_each = 8192;

/** One thread's own memory. */
struct alignas(64) Scratch {
    std::array<Chunk, tile_panels> chunks;
    std::array<float, static_cast<size_t>(most_inputs) * tile_rows> sums;
};

/** Inputs of one matrix, one behind the other among those that were rounded. */
struct Share {
    int64_t matrix;
    int64_t first;
    int64_t count;
    int64_t first_part; // of the work, which is counted over all shares
};

/** What is multiplied with an expert: a token's input for one of its choices. */
struct Line {
    const float *from;
    int64_t choice;
    int64_t token;
};

/** A matrix and its product. Tiles are counted over all that are computed together. */
struct Member {
    const ggml_tensor *op;
    const ggml_tensor *weights;
    int64_t first_tile;
    int64_t end_tile;
};

/** How inputs are divided: into blocks of about the same size. */
class Blocks {
  public:
    Blocks(int64_t strips, int64_t inputs, int64_t threads) {
        while (most_ > fewest_inputs && strips * count(inputs) < threads * parts_for_each_thread) {
            most_ /= 2;
        }
    }

    int64_t count(int64_t inputs) const { return (inputs + most_ - 1) / most_; }
    /** Where block `number` begins; the next one begins where it ends. */
    int64_t begin(int64_t number, int64_t inputs) const { return inputs * number / count(inputs); }

  private:
    int64_t most_ = most_inputs;
};

int64_t tiles_of(const ggml_tensor *weights) {
    return (weights->ne[1] + tile_rows - 1) / tile_rows;
}

class Product {
  public:
    Product(const ggml_tensor *const *ops, int count)
        : inputs_(ops[0]->src[1]), chosen_(ops[0]->op == GGML_OP_MUL_MAT_ID ? ops[0]->src[2] : nullptr),
          format_(*format_of(ops[0]->src[0]->type)), columns_(inputs_->ne[0]),
          lines_(chosen_ ? chosen_->ne[0] * chosen_->ne[1] : ggml_nrows(inputs_)),
          matrices_(chosen_ ? ops[0]->src[0]->ne[2] : 1) {
        for (int i = 0; i < count; ++i) {
            const ggml_tensor *weights = ops[i]->src[0];
            members_[static_cast<size_t>(i)] = {
                .op = ops[i], .weights = weights, .first_tile = tiles_, .end_tile = tiles_ + tiles_of(weights)};
            tiles_ += tiles_of(weights);
        }
    }

    template<Format format> size_t work_size(int n_threads) const {
        return 64 + lines_at<format>(n_threads) + lines_size() + shares_size() +
               static_cast<size_t>(n_threads) * sizeof(Scratch);
    }

    template<Format format> void compute(const ggml_compute_params *params) {
        char *space = static_cast<char *>(params->wdata);
        space += -reinterpret_cast<uintptr_t>(space) & 63;
        const bool own = is_rounded_by_each();
        const Activations<kind_of<format>()> activations{
            .chunks = reinterpret_cast<ActivationChunk<kind_of<format>()> *>(
                space + (own ? static_cast<size_t>(params->ith) * activations_size<format>() : 0)),
            .lines = lines_};
        space += lines_at<format>(params->nth);
        Line *lines = reinterpret_cast<Line *>(space);
        space += lines_size();
        Share *shares = reinterpret_cast<Share *>(space);
        space += shares_size();
        auto &scratch = *reinterpret_cast<Scratch *>(space + static_cast<size_t>(params->ith) * sizeof(Scratch));

        const Strips strips = strips_for(params->nth);
        const Blocks blocks(strips.count(), lines_, params->nth);
        if (chosen_) {
            if (params->ith == 0) {
                sort_by_expert(strips, blocks, lines, shares);
            }
            ggml_barrier(params->threadpool);
        }
        const Share all{.matrix = 0, .first = 0, .count = lines_, .first_part = 0};
        const Share *share = chosen_ ? shares : &all;
        const int64_t parts = chosen_ ? shares[matrices_].first_part : strips.count() * blocks.count(lines_);
        const auto strip_of = [&](int64_t part) {
            while (chosen_ && part >= share[1].first_part) {
                ++share;
            }
            return strips[(part - share->first_part) / blocks.count(share->count)];
        };
        if (params->ith < parts) {
            const Strip strip = strip_of(params->ith);
            prefetch_tile<format>(share->matrix, strip.first); // while inputs are rounded
        }
        for (int64_t line = own ? 0 : params->ith; line < lines_; line += own ? 1 : params->nth) {
            round_line<format>(chosen_ ? lines[line].from : input(line), columns_, activations, line);
        }
        if (!own) {
            ggml_barrier(params->threadpool);
        }

        for (int64_t part = params->ith, next = 0; part < parts; part = next) {
            next = ggml_threadpool_next_part(params->threadpool);
            const Strip strip = strip_of(part);
            const Share *from = share;
            const int64_t block = (part - share->first_part) % blocks.count(share->count);
            const int64_t first = blocks.begin(block, share->count);
            const int64_t end = blocks.begin(block + 1, share->count);
            for (int64_t tile = strip.first; tile < strip.end; ++tile) {
                if (tile == strip.end - 1 && next < parts) {
                    const Strip next_strip = strip_of(next);
                    prefetch_tile<format>(share->matrix, next_strip.first);
                }
                const Member &member = member_of(tile);
                const int64_t row = (tile - member.first_tile) * tile_rows;
                const auto result = [&](int64_t i) {
                    const int64_t line = from->first + i;
                    return (chosen_ ? output(member, lines[line]) : output(member, line)) + row;
                };
                // rows of a result are far from each other: ask for where they go before they are computed
                for (int64_t i = first; i < end; ++i) {
                    const float *to = result(i);
                    __builtin_prefetch(to, 1);
                    __builtin_prefetch(to + panel_rows, 1);
                }
                compute_tile<format>(member, from->matrix, tile - member.first_tile, activations, from->first + first,
                                     static_cast<int>(end - first), scratch);
                const auto rows = static_cast<size_t>(std::min<int64_t>(tile_rows, member.weights->ne[1] - row));
                for (int64_t i = first; i < end; ++i) {
                    std::memcpy(result(i), scratch.sums.data() + (i - first) * tile_rows, rows * sizeof(float));
                }
            }
        }
    }

  private:
    static size_t rounded(size_t size) { return (size + 63) / 64 * 64; }

    bool is_rounded_by_each() const { return !chosen_ && lines_ * columns_ <= numbers_rounded_by_each; }
    template<Format format> size_t activations_size() const {
        return rounded(Activations<kind_of<format>()>::bytes(columns_, lines_));
    }
    /** Of the work space, where lines begin. */
    template<Format format> size_t lines_at(int n_threads) const {
        return activations_size<format>() * (is_rounded_by_each() ? static_cast<size_t>(n_threads) : 1);
    }
    size_t lines_size() const { return chosen_ ? rounded(static_cast<size_t>(lines_) * sizeof(Line)) : 0; }
    size_t shares_size() const { return chosen_ ? rounded(static_cast<size_t>(matrices_ + 1) * sizeof(Share)) : 0; }

    Strips strips_for(int threads) const {
        const bool read_once = lines_ <= packed_inputs;
        const int64_t tile_bytes = static_cast<int64_t>(format_.panel_bytes(columns_)) * tile_panels;
        const int64_t most = (read_once ? strip_bytes_read_once : strip_bytes) / tile_bytes;
        return {tiles_, std::max<int64_t>(most, 1), threads, read_once};
    }
    const Member &member_of(int64_t tile) const {
        const Member *member = members_.data();
        while (tile >= member->end_tile) {
            ++member;
        }
        return *member;
    }

    static char *at(const ggml_tensor *tensor, int64_t i1, int64_t i2, int64_t i3) {
        return static_cast<char *>(tensor->data) + static_cast<size_t>(i1) * tensor->nb[1] +
               static_cast<size_t>(i2) * tensor->nb[2] + static_cast<size_t>(i3) * tensor->nb[3];
    }
    static char *row(const ggml_tensor *tensor, int64_t number) {
        const int64_t per_matrix = tensor->ne[1] * tensor->ne[2];
        return at(tensor, number % tensor->ne[1], number % per_matrix / tensor->ne[1], number / per_matrix);
    }
    const float *input(int64_t line) const { return reinterpret_cast<const float *>(row(inputs_, line)); }
    static float *output(const Member &member, int64_t line) { return reinterpret_cast<float *>(row(member.op, line)); }
    static float *output(const Member &member, const Line &line) {
        return reinterpret_cast<float *>(at(member.op, line.choice, line.token, 0));
    }

    /** A counting sort of what each input's choices are; what is chosen by one token stays in its order. */
    void sort_by_expert(const Strips &strips, const Blocks &blocks, Line *lines, Share *shares) const {
        const auto expert = [&](int64_t choice, int64_t token) {
            return *reinterpret_cast<const int32_t *>(at(chosen_, token, 0, 0) +
                                                      static_cast<size_t>(choice) * chosen_->nb[0]);
        };
        for (int64_t matrix = 0; matrix <= matrices_; ++matrix) {
            shares[matrix] = {.matrix = matrix, .first = 0, .count = 0, .first_part = 0};
        }
        for (int64_t token = 0; token < chosen_->ne[1]; ++token) {
            for (int64_t choice = 0; choice < chosen_->ne[0]; ++choice) {
                const int32_t matrix = expert(choice, token);
                GGML_ASSERT(matrix >= 0 && matrix < matrices_);
                ++shares[matrix].count;
            }
        }
        for (int64_t matrix = 0; matrix < matrices_; ++matrix) {
            shares[matrix + 1].first = shares[matrix].first + shares[matrix].count;
            shares[matrix + 1].first_part =
                shares[matrix].first_part + strips.count() * blocks.count(shares[matrix].count);
            shares[matrix].count = 0;
        }
        for (int64_t token = 0; token < chosen_->ne[1]; ++token) {
            for (int64_t choice = 0; choice < chosen_->ne[0]; ++choice) {
                Share &share = shares[expert(choice, token)];
                lines[share.first + share.count++] = {
                    .from = reinterpret_cast<const float *>(at(inputs_, choice % inputs_->ne[1], token, 0)),
                    .choice = choice,
                    .token = token,
                };
            }
        }
    }

    const uint8_t *panel(const ggml_tensor *weights, int64_t matrix, int64_t number) const {
        return static_cast<const uint8_t *>(weights->data) +
               static_cast<size_t>(matrix) * format_.matrix_bytes(columns_, weights->ne[1]) +
               static_cast<size_t>(number) * format_.panel_bytes(columns_);
    }

    /** Asks for the beginning of a tile before which nothing is read that would. */
    template<Format format> void prefetch_tile(int64_t matrix, int64_t tile) const {
        const Member &member = member_of(tile);
        const uint8_t *heads = panel(member.weights, matrix, (tile - member.first_tile) * tile_panels);
        const auto ask = [](const uint8_t *from, size_t size) {
            for (size_t at = 0; at < size; at += 64) {
                __builtin_prefetch(from + at, 0, 2);
            }
        };
        ask(heads, prefetched_bytes / heads_share);
        ask(heads + format.heads_bytes(columns_), prefetched_bytes);
    }

    /** Sums of the rows of a tile of this member for some inputs. */
    template<Format format>
    void compute_tile(const Member &member, int64_t matrix, int64_t tile,
                      const Activations<kind_of<format>()> &activations, int64_t first, int inputs,
                      Scratch &scratch) const {
        const int64_t rows = member.weights->ne[1];
        const int64_t first_panel = tile * tile_panels;
        const int count = static_cast<int>(std::min<int64_t>(tile_panels, Format::panels(rows) - first_panel));
        const int64_t groups = columns_ / group_columns;

        std::fill_n(scratch.sums.begin(), static_cast<size_t>(inputs) * tile_rows, 0.0F);
        if (inputs <= packed_inputs) {
            for (int i = 0; i < count; ++i) {
                const uint8_t *heads = panel(member.weights, matrix, first_panel + i);
                multiply_panel<format>({.heads = heads, .quants = heads + format.heads_bytes(columns_)}, activations,
                                       first, inputs, groups,
                                       scratch.sums.data() + static_cast<ptrdiff_t>(i) * panel_rows);
            }
            return;
        }
        for (int64_t group = 0; group < groups; group += chunk_groups) {
            const int some = static_cast<int>(std::min<int64_t>(chunk_groups, groups - group));
            for (int i = 0; i < count; ++i) {
                const uint8_t *heads = panel(member.weights, matrix, first_panel + i);
                unpack<format>({.heads = heads, .quants = heads + format.heads_bytes(columns_)}, group, some,
                               scratch.chunks[static_cast<size_t>(i)]);
            }
            multiply_chunks(scratch.chunks.data(), activations.at(group / chunk_groups, first), inputs, some,
                            scratch.sums.data());
        }
    }

    std::array<Member, most_together> members_{};
    int64_t tiles_ = 0;
    const ggml_tensor *inputs_;
    const ggml_tensor *chosen_;
    const Format &format_;
    int64_t columns_;
    int64_t lines_;
    int64_t matrices_;
};

} // namespace

size_t work_size(int n_threads, const ggml_tensor *op) {
    size_t size = 0;
    with_format(op->src[0]->type, [&]<Format format>() { size = Product(&op, 1).work_size<format>(n_threads); });
    return size;
}

void compute(const ggml_compute_params *params, ggml_tensor *op) {
    compute(params, &op, 1);
}

void compute(const ggml_compute_params *params, ggml_tensor *const *ops, int count) {
    with_format(ops[0]->src[0]->type, [&]<Format format>() { Product(ops, count).compute<format>(params); });
}

void lay_out(const Format &format, const void *rows, int64_t columns, int64_t count, void *to) {
    const size_t row_bytes = ggml_row_size(format.type, columns);
    const size_t panel_bytes = format.panel_bytes(columns);
    const int64_t panels = Format::panels(count);
    std::atomic<int64_t> next{0};
    const auto work = [&] {
        constexpr int64_t at_once = 16;
        for (int64_t first = next.fetch_add(at_once); first < panels; first = next.fetch_add(at_once)) {
            for (int64_t panel = first; panel < std::min(first + at_once, panels); ++panel) {
                const int64_t row = panel * panel_rows;
                const auto *from = static_cast<const uint8_t *>(rows) + static_cast<size_t>(row) * row_bytes;
                auto *at = static_cast<uint8_t *>(to) + static_cast<size_t>(panel) * panel_bytes;
                const int some = static_cast<int>(std::min<int64_t>(panel_rows, count - row));
                with_format(format.type,
                            [&]<Format constant>() { lay_out_panel<constant>(from, row_bytes, some, columns, at); });
            }
        }
    };
    constexpr size_t worth_a_thread = size_t{1} << 20;
    const size_t helpers = std::min<size_t>(std::max(std::thread::hardware_concurrency(), 1U),
                                            static_cast<size_t>(count) * row_bytes / worth_a_thread + 1) -
                           1;
    std::vector<std::jthread> threads;
    try {
        while (threads.size() < helpers) {
            threads.emplace_back(work);
        }
    } catch (const std::system_error &) {
        // as many as there can be
    }
    work();
}

} // namespace llmodel::kernels::products

#endif
