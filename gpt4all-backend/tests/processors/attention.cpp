// Computes attention where most cells of the cache are masked, as they are when many conversations share one, and
// compares it with double precision, with other numbers of threads, with cells in another order, with what each query
// gives alone, and with what a cache gives that lacks the cells it does not see: with a CPU module, or with what is
// built in.
//
// Usage: cpu_attention [--module FILE [--unchecked]] [--small]
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
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using products::Device;

constexpr double scale = 0.125;
constexpr double allowed = 5e-5; // of values from -2 to 2

/** Which cells a query sees: those of its own conversation. */
using Sees = std::vector<bool>;

/** What differs from model to model. */
struct Model {
    const char *name;
    ggml_type type;
    int64_t key_size;
    int64_t value_size;
    int64_t query_heads;
    int64_t key_heads;
    float max_bias; // ALiBi
    float softcap;
    bool sinks;
};

constexpr Model models[] = {
    {"LLaMA", GGML_TYPE_F16, 64, 64, 6, 2, 0, 0, false},
    {"MPT", GGML_TYPE_F16, 80, 80, 5, 5, 8, 0, false},
    {"Gemma 2", GGML_TYPE_F32, 96, 96, 4, 2, 0, 50, false},
    {"gpt-oss", GGML_TYPE_BF16, 64, 64, 8, 1, 0, 0, true},
    {"DeepSeek", GGML_TYPE_F16, 192, 128, 50, 1, 0, 0, false},
    {"LLaMA, Q8_0", GGML_TYPE_Q8_0, 64, 64, 6, 2, 0, 0, false},
    {"odd sizes", GGML_TYPE_F16, 36, 20, 3, 3, 0, 0, false},
};

struct Case {
    std::string name;
    const Model *model;
    int64_t cells;
    std::vector<Sees> queries;
};

struct Inputs {
    std::vector<float> query; // [query][head][key_size]
    std::vector<float> keys;  // [cell][head][key_size], all of them numbers that each type has
    std::vector<float> values;
    std::vector<float> sinks;
};

struct Masked {
    const char *name;
    int64_t moves; // cells from a query to the next
    bool (*sees)(int64_t cell, int64_t cells);
};

constexpr Masked patterns[] = {
    {"all cells", 0, [](int64_t, int64_t) { return true; }},
    {"the first half", 17, [](int64_t cell, int64_t cells) { return cell < cells / 2; }},
    {"the second half", 17, [](int64_t cell, int64_t cells) { return cell >= cells / 2; }},
    {"the last cell", 17, [](int64_t cell, int64_t cells) { return cell == cells - 1; }},
    {"a stretch within a block", 17, [](int64_t cell, int64_t) { return cell > 70 && cell < 101; }},
    {"every third cell", 17, [](int64_t cell, int64_t) { return cell % 3 == 0; }},
    {"four stretches", 17, [](int64_t cell, int64_t cells) { return cell % (cells / 4) < 37; }},
    {"a window that slides", -1, [](int64_t cell, int64_t cells) { return cell < cells / 3; }},
    {"no cell", 0, [](int64_t, int64_t) { return false; }},
};

Case make_case(const Model &model, int64_t cells, int64_t queries, const Masked &pattern) {
    Case made{.name = std::string(model.name) + ", " + std::to_string(queries) + " of " + std::to_string(cells) + ", " +
                      pattern.name,
              .model = &model,
              .cells = cells,
              .queries = {}};
    for (int64_t query = 0; query < queries; ++query) {
        Sees sees(static_cast<size_t>(cells));
        for (int64_t cell = 0; cell < cells; ++cell) {
            const int64_t moved = (cell + query * pattern.moves) % cells;
            sees[static_cast<size_t>(cell)] = pattern.sees(moved < 0 ? moved + cells : moved, cells);
        }
        made.queries.push_back(std::move(sees));
    }
    return made;
}

std::vector<Case> make_cases() {
    std::vector<Case> cases;
    for (const Model &model : models) {
        const bool first = &model == &models[0];
        for (const int64_t cells : first ? std::vector<int64_t>{256, 1024, 4352} : std::vector<int64_t>{320}) {
            for (const int64_t queries : first ? std::vector<int64_t>{1, 3, 70} : std::vector<int64_t>{1, 19}) {
                for (const Masked &pattern : patterns) {
                    cases.push_back(make_case(model, cells, queries, pattern));
                }
            }
        }
    }
    return cases;
}

/** From -2 to 2. Blocks of 32, if these are quantised, have the same scale, so that quantising changes nothing. */
std::vector<float> numbers(std::mt19937 &dice, int64_t count) {
    std::vector<float> made(static_cast<size_t>(count));
    for (size_t i = 0; i < made.size(); ++i) {
        made[i] = i % 32 == 0 ? 127.0F / 64.0F : static_cast<float>(static_cast<int>(dice() % 255) - 127) / 64.0F;
    }
    return made;
}

Inputs make_inputs(const Case &asked) {
    std::mt19937 dice(7);
    const Model &model = *asked.model;
    const auto queries = static_cast<int64_t>(asked.queries.size());
    return {.query = numbers(dice, queries * model.query_heads * model.key_size),
            .keys = numbers(dice, asked.cells * model.key_heads * model.key_size),
            .values = numbers(dice, asked.cells * model.key_heads * model.value_size),
            .sinks = numbers(dice, model.query_heads)};
}

template<typename Number>
std::vector<Number> part_of(const std::vector<Number> &rows, int64_t row, int64_t size, int64_t count = 1) {
    return {rows.begin() + row * size, rows.begin() + (row + count) * size};
}

/** One of the queries, without what others bring. */
std::pair<Case, Inputs> alone(const Case &asked, const Inputs &inputs, int64_t query) {
    Case one = asked;
    one.queries = {asked.queries[static_cast<size_t>(query)]};
    Inputs kept = inputs;
    kept.query = part_of(inputs.query, query, asked.model->query_heads * asked.model->key_size);
    return {one, kept};
}

/** What the case is without the cells that its only query does not see. */
std::pair<Case, Inputs> without_masked(const Case &asked, const Inputs &inputs) {
    const Model &model = *asked.model;
    Case fewer{.name = asked.name, .model = &model, .cells = 0, .queries = {{}}};
    Inputs kept{.query = inputs.query, .keys = {}, .values = {}, .sinks = inputs.sinks};
    for (int64_t cell = 0; cell < asked.cells; ++cell) {
        if (asked.queries[0][static_cast<size_t>(cell)]) {
            ++fewer.cells;
            fewer.queries[0].push_back(true);
            const auto key = part_of(inputs.keys, cell, model.key_heads * model.key_size);
            const auto value = part_of(inputs.values, cell, model.key_heads * model.value_size);
            kept.keys.insert(kept.keys.end(), key.begin(), key.end());
            kept.values.insert(kept.values.end(), value.begin(), value.end());
        }
    }
    return {fewer, kept};
}

/** The nearer a cell lies to the end, the less its bias takes away. */
float bias_of(const Case &asked, int64_t cell) {
    return asked.model->max_bias > 0 ? static_cast<float>(cell - asked.cells) / 64.0F : 0.0F;
}

/** Positions of cells: what an ordered cache has in that place. */
using Positions = std::vector<int32_t>;

Positions in_order(const Case &asked) {
    Positions made(static_cast<size_t>(asked.cells));
    std::iota(made.begin(), made.end(), 0);
    return made;
}

/** Cells as a cache has them that other conversations were in: stretches in any order. */
Positions out_of_order(const Case &asked) {
    std::mt19937 dice(11);
    std::vector<Positions> stretches(1);
    for (const int32_t position : in_order(asked)) {
        if (dice() % 40 == 0) {
            stretches.emplace_back();
        }
        stretches.back().push_back(position);
    }
    std::shuffle(stretches.begin(), stretches.end(), dice);
    Positions made;
    for (const Positions &stretch : stretches) {
        made.insert(made.end(), stretch.begin(), stretch.end());
    }
    return made;
}

std::vector<float> rows_at(const Positions &positions, const std::vector<float> &rows) {
    std::vector<float> made;
    const auto size = static_cast<int64_t>(rows.size() / positions.size());
    for (const int32_t position : positions) {
        made.insert(made.end(), rows.begin() + position * size, rows.begin() + (position + 1) * size);
    }
    return made;
}

std::vector<float> mask_of(const Case &asked, const Positions &positions) {
    std::vector<float> made;
    for (const Sees &sees : asked.queries) {
        for (const int32_t cell : positions) {
            made.push_back(sees[static_cast<size_t>(cell)] ? bias_of(asked, cell) : -INFINITY);
        }
    }
    return made;
}

void set_numbers(ggml_tensor *tensor, const std::vector<float> &numbers) {
    if (tensor->type == GGML_TYPE_F32) {
        ggml_backend_tensor_set(tensor, numbers.data(), 0, ggml_nbytes(tensor));
        return;
    }
    std::vector<char> made(ggml_nbytes(tensor));
    const int64_t row = tensor->ne[0];
    ggml_quantize_chunk(tensor->type, numbers.data(), made.data(), 0, static_cast<int64_t>(numbers.size()) / row, row,
                        nullptr);
    ggml_backend_tensor_set(tensor, made.data(), 0, made.size());
}

/** [query][head][value_size]. Throws std::runtime_error. */
std::vector<float> compute(Device &device, const Case &asked, const Inputs &inputs, int threads,
                           const Positions &positions) {
    const Model &model = *asked.model;
    const auto queries = static_cast<int64_t>(asked.queries.size());
    const ggml_context_ptr context(ggml_init(
        {.mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
    ggml_context *all = context.get();
    ggml_tensor *query = ggml_new_tensor_3d(all, GGML_TYPE_F32, model.key_size, model.query_heads, queries);
    ggml_tensor *keys = ggml_new_tensor_3d(all, model.type, model.key_size, model.key_heads, asked.cells);
    ggml_tensor *values = ggml_new_tensor_3d(all, model.type, model.value_size, model.key_heads, asked.cells);
    ggml_tensor *mask = ggml_new_tensor_2d(all, GGML_TYPE_F16, asked.cells, queries);
    ggml_tensor *sinks = ggml_new_tensor_1d(all, GGML_TYPE_F32, model.query_heads);
    ggml_tensor *places = ggml_new_tensor_2d(all, GGML_TYPE_I32, asked.cells, 1);
    ggml_tensor *output = ggml_flash_attn_ext(
        all, ggml_permute(all, query, 0, 2, 1, 3), ggml_permute(all, keys, 0, 2, 1, 3),
        ggml_permute(all, values, 0, 2, 1, 3), mask, static_cast<float>(scale), model.max_bias, model.softcap);
    if (model.sinks) {
        ggml_flash_attn_ext_add_sinks(output, sinks);
    }
    output->src[5] = places;
    ggml_cgraph *graph = ggml_new_graph(all);
    ggml_build_forward_expand(graph, output);
    const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(all, device.backend()));
    set_numbers(query, inputs.query);
    set_numbers(keys, rows_at(positions, inputs.keys));
    set_numbers(values, rows_at(positions, inputs.values));
    set_numbers(mask, mask_of(asked, positions));
    ggml_backend_tensor_set(places, positions.data(), 0, ggml_nbytes(places));
    set_numbers(sinks, inputs.sinks);
    device.set_threads(threads);
    if (ggml_backend_graph_compute(device.backend(), graph) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error("the backend does not compute attention");
    }
    std::vector<float> found(static_cast<size_t>(queries * model.query_heads * model.value_size));
    ggml_backend_tensor_get(output, found.data(), 0, ggml_nbytes(output));
    return found;
}

std::vector<float> compute(Device &device, const Case &asked, const Inputs &inputs, int threads) {
    return compute(device, asked, inputs, threads, in_order(asked));
}

/** ALiBi's factor, as its paper defines it for any number of heads. */
double slope_of(const Model &model, int64_t head) {
    if (model.max_bias == 0) {
        return 1;
    }
    const double power = std::exp2(std::floor(std::log2(static_cast<double>(model.query_heads))));
    const auto place = static_cast<double>(head);
    return place < power ? std::exp2(-static_cast<double>(model.max_bias) * (place + 1) / power)
                         : std::exp2(-static_cast<double>(model.max_bias) * (2 * (place - power) + 1) / (2 * power));
}

/** A head's output for a query in double precision. */
std::vector<double> expected(const Case &asked, const Inputs &inputs, int64_t query, int64_t head) {
    const Model &model = *asked.model;
    const auto wanted = part_of(inputs.query, query * model.query_heads + head, model.key_size);
    const int64_t key_head = head / (model.query_heads / model.key_heads);
    std::vector<double> sums(static_cast<size_t>(model.value_size), 0);
    double weights = model.sinks ? std::exp(static_cast<double>(inputs.sinks[static_cast<size_t>(head)])) : 0;
    for (int64_t cell = 0; cell < asked.cells; ++cell) {
        if (!asked.queries[static_cast<size_t>(query)][static_cast<size_t>(cell)]) {
            continue;
        }
        const auto key = part_of(inputs.keys, cell * model.key_heads + key_head, model.key_size);
        const auto value = part_of(inputs.values, cell * model.key_heads + key_head, model.value_size);
        double score = scale * std::inner_product(wanted.begin(), wanted.end(), key.begin(), 0.0);
        if (model.softcap > 0) {
            score = static_cast<double>(model.softcap) * std::tanh(score / static_cast<double>(model.softcap));
        }
        const double weight = std::exp(score + slope_of(model, head) * static_cast<double>(bias_of(asked, cell)));
        weights += weight;
        for (size_t i = 0; i < sums.size(); ++i) {
            sums[i] += weight * static_cast<double>(value[i]);
        }
    }
    for (double &sum : sums) {
        sum = weights > 0 ? sum / weights : 0;
    }
    return sums;
}

/** How far one head's output for one query is from double precision's, in units of the values. */
double difference_of(const Case &asked, const Inputs &inputs, int64_t query, int64_t head,
                     const std::vector<float> &found) {
    const std::vector<double> wanted = expected(asked, inputs, query, head);
    double worst = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
        const double off = std::fabs(wanted[i] - static_cast<double>(found[i]));
        worst = off > worst || std::isnan(off) ? off : worst;
    }
    return worst;
}

/** Values that are not finite, in cells that the query does not see, must not reach it. */
std::string check_isolation(Device &device, const Case &asked, Inputs inputs, const std::vector<float> &found) {
    const Model &model = *asked.model;
    if (model.type == GGML_TYPE_Q8_0) {
        return ""; // which has no such values
    }
    const int64_t size = model.key_heads * model.value_size;
    std::vector<bool> spoilt(static_cast<size_t>(asked.cells));
    for (int64_t cell = 5; cell < asked.cells; cell += 50) {
        inputs.values[static_cast<size_t>(cell * size)] = cell % 2 == 0 ? INFINITY : NAN;
        spoilt[static_cast<size_t>(cell)] = true;
    }
    const std::vector<float> again = compute(device, asked, inputs, 2);
    const int64_t row = model.query_heads * model.value_size;
    for (int64_t query = 0; query < static_cast<int64_t>(asked.queries.size()); ++query) {
        bool sees_spoilt = false;
        for (size_t cell = 0; cell < spoilt.size(); ++cell) {
            sees_spoilt = sees_spoilt || (spoilt[cell] && asked.queries[static_cast<size_t>(query)][cell]);
        }
        if (!sees_spoilt && part_of(again, query, row) != part_of(found, query, row)) {
            return "query " + std::to_string(query) + " is reached by values that it does not see";
        }
        if (sees_spoilt && std::isfinite(part_of(again, query, row)[0])) {
            return "query " + std::to_string(query) + " hides values that are not finite";
        }
    }
    return "";
}

/** What is wrong, or nothing. */
std::string check(Device &device, const Case &asked) {
    const Model &model = *asked.model;
    const Inputs inputs = make_inputs(asked);
    const std::vector<float> found = compute(device, asked, inputs, 1);
    const auto queries = static_cast<int64_t>(asked.queries.size());
    const int64_t step = 1 + queries / 8; // some of many: emulators are slow
    for (int64_t query = 0; query < queries; query += step) {
        for (int64_t head = 0; head < model.query_heads; ++head) {
            const double off = difference_of(asked, inputs, query, head,
                                             part_of(found, query * model.query_heads + head, model.value_size));
            if (!(off <= allowed)) {
                return "query " + std::to_string(query) + " is off by " + std::to_string(off);
            }
        }
    }
    for (const int threads : {2, 5}) {
        if (compute(device, asked, inputs, threads) != found) {
            return std::to_string(threads) + " threads give something else than one";
        }
    }
    if (compute(device, asked, inputs, 2, out_of_order(asked)) != found) {
        return "it matters in which order the cells lie";
    }
    for (int64_t query = 0; query < queries; query += step) {
        const auto [one, its] = alone(asked, inputs, query);
        const std::vector<float> same = part_of(found, query, model.query_heads * model.value_size);
        if (compute(device, one, its, 2) != same) {
            return "query " + std::to_string(query) + " gives something else alone";
        }
        const auto [fewer, kept] = without_masked(one, its);
        if (model.max_bias == 0 && fewer.cells > 0 && compute(device, fewer, kept, 2) != same) {
            return "cells that are masked make a difference to query " + std::to_string(query);
        }
    }
    return check_isolation(device, asked, inputs, found);
}

int run(const std::string &module, bool unchecked, size_t step) {
    Device device(module, unchecked);
    size_t wrong = 0;
    size_t checked = 0;
    const std::vector<Case> cases = make_cases();
    for (size_t i = 0; i < cases.size(); i += step) {
        const std::string fault = check(device, cases[i]);
        ++checked;
        if (!fault.empty()) {
            ++wrong;
            std::printf("wrong: %s: %s\n", cases[i].name.c_str(), fault.c_str());
        }
    }
    std::printf("%zu cases of attention, %zu wrong\n", checked, wrong);
    return wrong > 0 ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
    std::string module;
    bool unchecked = false;
    size_t step = 1;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--module") == 0 && i + 1 < argc) {
            module = argv[++i];
        } else if (std::strcmp(argv[i], "--unchecked") == 0) {
            unchecked = true;
        } else if (std::strcmp(argv[i], "--small") == 0) {
            step = 7; // every pattern of masks still has its turn
        } else {
            std::fprintf(stderr, "usage: cpu_attention [--module FILE [--unchecked]] [--small]\n");
            return 2;
        }
    }
    try {
        return run(module, unchecked, step);
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
        return 2;
    }
}
