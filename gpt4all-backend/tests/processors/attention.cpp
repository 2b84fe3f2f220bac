// Computes attention where most cells of the cache are masked, as they are when many conversations share one, and
// compares it with double precision, with other numbers of threads, and with what a cache without those cells gives:
// with a CPU module, or with what is built in.
//
// Usage: cpu_attention [--module FILE [--unchecked]]
//
// Ends with 1 if an output is wrong, and with 2 if nothing could be computed.

#include "device.h"
#include "ggml-cpp.h"
#include "ggml.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using products::Device;

constexpr int64_t head_size = 64;
constexpr int64_t query_heads = 6;
constexpr int64_t key_heads = 2;
constexpr double allowed = 8e-3; // sums are kept in half precision

/** Which cells a query sees: those of its own conversation. */
using Sees = std::vector<bool>;

struct Case {
    std::string name;
    int64_t cells;
    std::vector<Sees> queries;
};

struct Inputs {
    std::vector<float> query; // [query][head][head_size]
    std::vector<float> keys;  // [cell][head][head_size], all of them numbers that half precision has
    std::vector<float> values;
};

struct Masked {
    const char *name;
    bool (*sees)(int64_t cell, int64_t cells);
};

constexpr Masked patterns[] = {
    {"all cells", [](int64_t, int64_t) { return true; }},
    {"the first half", [](int64_t cell, int64_t cells) { return cell < cells / 2; }},
    {"the second half", [](int64_t cell, int64_t cells) { return cell >= cells / 2; }},
    {"the last cell", [](int64_t cell, int64_t cells) { return cell == cells - 1; }},
    {"a stretch within a block", [](int64_t cell, int64_t) { return cell > 70 && cell < 101; }},
    {"every third cell", [](int64_t cell, int64_t) { return cell % 3 == 0; }},
    {"four stretches", [](int64_t cell, int64_t cells) { return cell % (cells / 4) < 37; }},
    {"no cell", [](int64_t, int64_t) { return false; }},
};

std::vector<Case> make_cases() {
    std::vector<Case> cases;
    for (const int64_t cells : {256, 1024, 4352}) {
        for (const int64_t queries : {1, 3, 64, 70}) {
            for (const Masked &pattern : patterns) {
                Case made{.name = std::to_string(queries) + " of " + std::to_string(cells) + ", " + pattern.name,
                          .cells = cells,
                          .queries = {}};
                for (int64_t query = 0; query < queries; ++query) {
                    Sees sees(static_cast<size_t>(cells));
                    for (int64_t cell = 0; cell < cells; ++cell) {
                        sees[static_cast<size_t>(cell)] = pattern.sees((cell + query * 17) % cells, cells);
                    }
                    made.queries.push_back(std::move(sees));
                }
                cases.push_back(std::move(made));
            }
        }
    }
    return cases;
}

std::vector<float> numbers(std::mt19937 &dice, int64_t count) {
    std::vector<float> made(static_cast<size_t>(count));
    for (float &number : made) {
        number = static_cast<float>(static_cast<int>(dice() % 257) - 128) / 64.0F;
    }
    return made;
}

Inputs make_inputs(const Case &asked) {
    std::mt19937 dice(7);
    const auto queries = static_cast<int64_t>(asked.queries.size());
    return {.query = numbers(dice, queries * query_heads * head_size),
            .keys = numbers(dice, asked.cells * key_heads * head_size),
            .values = numbers(dice, asked.cells * key_heads * head_size)};
}

const float *row_of(const std::vector<float> &rows, int64_t row, int64_t heads, int64_t head) {
    return &rows[static_cast<size_t>((row * heads + head) * head_size)];
}

/** What the case is without the cells that its only query does not see. */
std::pair<Case, Inputs> without_masked(const Case &asked, const Inputs &inputs) {
    Case fewer{.name = asked.name, .cells = 0, .queries = {{}}};
    Inputs kept{.query = inputs.query, .keys = {}, .values = {}};
    for (int64_t cell = 0; cell < asked.cells; ++cell) {
        if (asked.queries[0][static_cast<size_t>(cell)]) {
            ++fewer.cells;
            fewer.queries[0].push_back(true);
            const float *key = row_of(inputs.keys, cell, key_heads, 0);
            const float *value = row_of(inputs.values, cell, key_heads, 0);
            kept.keys.insert(kept.keys.end(), key, key + key_heads * head_size);
            kept.values.insert(kept.values.end(), value, value + key_heads * head_size);
        }
    }
    return {fewer, kept};
}

std::vector<ggml_fp16_t> halves(const std::vector<float> &floats) {
    std::vector<ggml_fp16_t> made(floats.size());
    ggml_fp32_to_fp16_row(floats.data(), made.data(), static_cast<int64_t>(floats.size()));
    return made;
}

std::vector<ggml_fp16_t> mask_of(const Case &asked) {
    std::vector<float> made;
    for (const Sees &sees : asked.queries) {
        for (const bool seen : sees) {
            made.push_back(seen ? 0.0F : -INFINITY);
        }
    }
    return halves(made);
}

/** [query][head][head_size]. Throws std::runtime_error. */
std::vector<float> compute(Device &device, const Case &asked, const Inputs &inputs, int threads) {
    const auto queries = static_cast<int64_t>(asked.queries.size());
    const ggml_context_ptr context(ggml_init(
        {.mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
    ggml_context *all = context.get();
    ggml_tensor *query = ggml_new_tensor_3d(all, GGML_TYPE_F32, head_size, query_heads, queries);
    ggml_tensor *keys = ggml_new_tensor_3d(all, GGML_TYPE_F16, head_size, key_heads, asked.cells);
    ggml_tensor *values = ggml_new_tensor_3d(all, GGML_TYPE_F16, head_size, key_heads, asked.cells);
    ggml_tensor *mask = ggml_new_tensor_2d(all, GGML_TYPE_F16, asked.cells, queries);
    ggml_tensor *output =
        ggml_flash_attn_ext(all, ggml_permute(all, query, 0, 2, 1, 3), ggml_permute(all, keys, 0, 2, 1, 3),
                            ggml_permute(all, values, 0, 2, 1, 3), mask, 0.125F, 0.0F, 0.0F);
    ggml_cgraph *graph = ggml_new_graph(all);
    ggml_build_forward_expand(graph, output);
    const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(all, device.backend()));
    ggml_backend_tensor_set(query, inputs.query.data(), 0, ggml_nbytes(query));
    ggml_backend_tensor_set(keys, halves(inputs.keys).data(), 0, ggml_nbytes(keys));
    ggml_backend_tensor_set(values, halves(inputs.values).data(), 0, ggml_nbytes(values));
    ggml_backend_tensor_set(mask, mask_of(asked).data(), 0, ggml_nbytes(mask));
    device.set_threads(threads);
    if (ggml_backend_graph_compute(device.backend(), graph) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error("the backend does not compute attention");
    }
    std::vector<float> found(static_cast<size_t>(queries * query_heads * head_size));
    ggml_backend_tensor_get(output, found.data(), 0, ggml_nbytes(output));
    return found;
}

/** How far one head's output for one query is from double precision's, in units of the values. */
double difference_of(const Case &asked, const Inputs &inputs, int64_t query, int64_t head, const float *found) {
    const float *wanted = row_of(inputs.query, query, query_heads, head);
    const int64_t key_head = head / (query_heads / key_heads);
    std::vector<double> sums(head_size, 0);
    double weights = 0;
    for (int64_t cell = 0; cell < asked.cells; ++cell) {
        if (!asked.queries[static_cast<size_t>(query)][static_cast<size_t>(cell)]) {
            continue;
        }
        const float *key = row_of(inputs.keys, cell, key_heads, key_head);
        const float *value = row_of(inputs.values, cell, key_heads, key_head);
        double product = 0;
        for (int64_t i = 0; i < head_size; ++i) {
            product += static_cast<double>(wanted[i]) * static_cast<double>(key[i]);
        }
        const double weight = std::exp(product * 0.125);
        weights += weight;
        for (int64_t i = 0; i < head_size; ++i) {
            sums[static_cast<size_t>(i)] += weight * static_cast<double>(value[i]);
        }
    }
    double worst = 0;
    for (int64_t i = 0; i < head_size; ++i) {
        const double expected = weights > 0 ? sums[static_cast<size_t>(i)] / weights : 0;
        const double off = std::fabs(expected - static_cast<double>(found[i]));
        worst = off > worst || std::isnan(off) ? off : worst;
    }
    return worst;
}

/** What is wrong, or nothing. */
std::string check(Device &device, const Case &asked) {
    const Inputs inputs = make_inputs(asked);
    const std::vector<float> found = compute(device, asked, inputs, 1);
    for (int64_t query = 0; query < static_cast<int64_t>(asked.queries.size()); ++query) {
        for (int64_t head = 0; head < query_heads; ++head) {
            const double off = difference_of(asked, inputs, query, head, row_of(found, query, query_heads, head));
            if (!(off <= allowed)) {
                return "query " + std::to_string(query) + " is off by " + std::to_string(off);
            }
        }
    }
    for (const int threads : {2, 3}) {
        if (compute(device, asked, inputs, threads) != found) {
            return std::to_string(threads) + " threads give something else than one";
        }
    }
    if (asked.queries.size() == 1) {
        const auto [fewer, kept] = without_masked(asked, inputs);
        if (fewer.cells > 0 && compute(device, fewer, kept, 2) != found) {
            return "cells that are masked make a difference";
        }
    }
    return "";
}

int run(const std::string &module, bool unchecked) {
    Device device(module, unchecked);
    size_t wrong = 0;
    const std::vector<Case> cases = make_cases();
    for (const Case &asked : cases) {
        const std::string fault = check(device, asked);
        if (!fault.empty()) {
            ++wrong;
            std::printf("wrong: %s: %s\n", asked.name.c_str(), fault.c_str());
        }
    }
    std::printf("%zu cases of attention, %zu wrong\n", cases.size(), wrong);
    return wrong > 0 ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
    std::string module;
    bool unchecked = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--module") == 0 && i + 1 < argc) {
            module = argv[++i];
        } else if (std::strcmp(argv[i], "--unchecked") == 0) {
            unchecked = true;
        } else {
            std::fprintf(stderr, "usage: cpu_attention [--module FILE [--unchecked]]\n");
            return 2;
        }
    }
    try {
        return run(module, unchecked);
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
        return 2;
    }
}
