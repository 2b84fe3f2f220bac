// How fast the processor computes attention over long contexts, beside what it can multiply and read when it does
// nothing else, in the same run: a token that is decoded, and the last 512 tokens of a prompt.
//
// Usage: llmodel_bench_attention [--threads N]
//
// Prints a JSON object a line: type of the cache, cells, queries, products for a nanosecond, bytes of the cache for a
// nanosecond. Keys and values have one product each with a query's numbers, in each head of it; cells that a query does
// not see have none.

#include "../tests/processors/device.h"
#include "bench_limits.h"
#include "bench_rounds.h"
#include "ggml-cpp.h"
#include "ggml.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <string>
#include <vector>

namespace {

using products::Device;

// A model of 8 billion parameters has such heads: LLaMA 3.
constexpr int64_t head_size = 128;
constexpr int64_t query_heads = 32;
constexpr int64_t key_heads = 8;

constexpr size_t cold_bytes = size_t{200} << 20; // of caches that are used in turn
constexpr double seconds_each = 0.5;

std::vector<float> numbers(int64_t count) {
    std::minstd_rand dice(3);
    std::uniform_real_distribution<float> between(-1, 1);
    std::vector<float> made(static_cast<size_t>(count));
    std::ranges::generate(made, [&] { return between(dice); });
    return made;
}

void set(ggml_tensor *tensor, const std::vector<float> &from) {
    std::vector<char> made(ggml_nbytes(tensor));
    ggml_quantize_chunk(tensor->type, from.data(), made.data(), 0, ggml_nrows(tensor), tensor->ne[0], nullptr);
    ggml_backend_tensor_set(tensor, made.data(), 0, made.size());
}

/** Attention of the last queries of a context over all cells before them. */
class Attention {
  public:
    Attention(const Device &device, ggml_type type, int64_t cells, int64_t queries)
        : device_(device), cells_(cells), queries_(queries) {
        const size_t cache = ggml_row_size(type, head_size) * static_cast<size_t>(2 * key_heads * cells);
        used_ = queries == 1 ? std::max<size_t>(cold_bytes / cache, 1) : 1;
        bytes_ = cache;
        const size_t tensors = 8 * used_ + 4;
        context_.reset(ggml_init({.mem_size = tensors * ggml_tensor_overhead() + ggml_graph_overhead(),
                                  .mem_buffer = nullptr,
                                  .no_alloc = true}));
        ggml_context *all = context_.get();
        graph_ = ggml_new_graph(all);
        ggml_tensor *query = ggml_new_tensor_3d(all, GGML_TYPE_F32, head_size, query_heads, queries);
        ggml_tensor *mask = ggml_new_tensor_2d(all, GGML_TYPE_F16, cells, queries);
        std::vector<ggml_tensor *> caches;
        for (size_t i = 0; i < used_; ++i) {
            ggml_tensor *keys = ggml_new_tensor_3d(all, type, head_size, key_heads, cells);
            ggml_tensor *values = ggml_new_tensor_3d(all, type, head_size, key_heads, cells);
            ggml_build_forward_expand(graph_, ggml_flash_attn_ext(all, ggml_permute(all, query, 0, 2, 1, 3),
                                                                  ggml_permute(all, keys, 0, 2, 1, 3),
                                                                  ggml_permute(all, values, 0, 2, 1, 3), mask,
                                                                  1 / std::sqrt(static_cast<float>(head_size)), 0, 0));
            caches.insert(caches.end(), {keys, values});
        }
        buffer_.reset(ggml_backend_alloc_ctx_tensors(all, device.backend()));
        const std::vector<float> values = numbers(head_size * std::max(key_heads * cells, query_heads * queries));
        ggml_backend_tensor_set(query, values.data(), 0, ggml_nbytes(query));
        for (ggml_tensor *cache_of : caches) {
            set(cache_of, values);
        }
        std::vector<float> seen;
        for (int64_t number = 0; number < queries; ++number) {
            for (int64_t cell = 0; cell < cells; ++cell) {
                seen.push_back(cell <= cells - queries + number ? 0.0F : -INFINITY);
            }
        }
        set(mask, seen);
    }

    /** Products of numbers, for all heads. */
    double products() const {
        const auto seen = static_cast<double>(queries_ * (2 * cells_ - queries_ + 1)) / 2;
        return seen * 2 * head_size * query_heads;
    }
    /** Bytes of keys and values. */
    double bytes() const { return static_cast<double>(bytes_); }

    /** Seconds, the quickest of several rounds. */
    double time() const {
        const double best =
            quickest_round(seconds_each, [&] { ggml_backend_graph_compute(device_.backend(), graph_); });
        return best / static_cast<double>(used_);
    }

  private:
    const Device &device_;
    int64_t cells_;
    int64_t queries_;
    size_t used_;
    size_t bytes_;
    ggml_context_ptr context_;
    ggml_backend_buffer_ptr buffer_;
    ggml_cgraph *graph_;
};

void run(int threads) {
    Device device("", false);
    device.set_threads(threads);
    std::printf("{\"read_bandwidth\": %.2f, \"peak_multiply_adds_per_ns\": %.1f, \"threads\": %d}\n",
                read_bandwidth(threads), peak_multiply_adds(threads), threads);
    for (const ggml_type type : {GGML_TYPE_F16, GGML_TYPE_Q8_0}) {
        for (const int64_t cells : {4096, 16384}) {
            for (const int64_t queries : {1, 512}) {
                const Attention attention(device, type, cells, queries);
                const double took = attention.time() * 1e9;
                std::printf("{\"type\": \"%s\", \"cells\": %lld, \"queries\": %lld, \"products_per_ns\": %.1f, "
                            "\"bytes_per_ns\": %.2f}\n",
                            ggml_type_name(type), static_cast<long long>(cells), static_cast<long long>(queries),
                            attention.products() / took, attention.bytes() / took);
                std::fflush(stdout);
            }
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    const bool told = argc == 3 && std::strcmp(argv[1], "--threads") == 0;
    if (argc > 1 && !told) {
        std::fprintf(stderr, "usage: llmodel_bench_attention [--threads N]\n");
        return 2;
    }
    try {
        run(told ? std::stoi(argv[2]) : 2);
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
