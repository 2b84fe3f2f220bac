// Computes products of matrices with weights of every type, in every way that a backend for the processor has, and
// compares them with double precision: of a CPU module, or of what is built in.
//
// Usage: cpu_products [--module FILE [--unchecked]] [--small]
//
// Ends with 1 if a product is wrong, and with 2 if nothing could be computed. What is being computed is printed before
// it is, so that the last line says where a process died.

#include "device.h"
#include "ggml-cpp.h"
#include "ggml.h"
#include "weights.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <span>
#include <stdexcept>
#include <string>

namespace {

using namespace products;

struct Shape {
    int64_t columns;
    int64_t rows;
};

/** For AMX and repacked kernels rows come in multiples of 8 to 32, for others in any number. */
constexpr Shape shapes[] = {{256, 32}, {512, 64}, {768, 37}};
constexpr Shape small_shapes[] = {{256, 32}};
/** One and many tokens at a time: kernels take 1, 4, 8, 16 or 32 of them, and what is left over. */
constexpr int64_t batches[] = {1, 2, 3, 4, 7, 8, 16, 33, 70};
constexpr int64_t small_batches[] = {1, 5};
constexpr int64_t experts = 4;
constexpr int64_t experts_used = 2;

struct Difference {
    double worst = 0;
    double sum_of_squares = 0;
    size_t count = 0;

    void add(double one) {
        worst = one > worst || std::isnan(one) ? one : worst;
        sum_of_squares += one * one;
        ++count;
    }
    double typical() const { return std::sqrt(sum_of_squares / static_cast<double>(std::max<size_t>(count, 1))); }
};

/** Adds how far `found` is from a row's product with an input. */
void compare(const float *row, const float *input, int64_t columns, float found, Difference &difference) {
    double expected = 0;
    double row_square = 0;
    double input_square = 0;
    for (int64_t i = 0; i < columns; ++i) {
        expected += static_cast<double>(row[i]) * static_cast<double>(input[i]);
        row_square += static_cast<double>(row[i]) * static_cast<double>(row[i]);
        input_square += static_cast<double>(input[i]) * static_cast<double>(input[i]);
    }
    const double unit = std::sqrt(row_square * input_square / static_cast<double>(columns));
    difference.add(std::fabs(found - expected) / (unit > 0 ? unit : 1));
}

/** Of which a graph multiplies one or several with the same inputs. With `experts`, each has so many rows. */
struct Matrix {
    int64_t rows;
    int64_t experts = 0;
};

class Computation {
  public:
    Computation(Device &device, ggml_backend_buffer_type_t buffer_type) : device_(device), buffer_type_(buffer_type) {}

    /** The products of the weights with as many inputs; nothing where this way has none for their type and shape. */
    std::vector<float> products_with(const Weights &weights, std::span<const float> inputs, int64_t batch) {
        const ggml_context_ptr of_weights = context();
        const ggml_context_ptr context_ = context();
        ggml_tensor *matrix = ggml_new_tensor_2d(of_weights.get(), weights.type, weights.columns, weights.rows);
        ggml_tensor *input = ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, weights.columns, batch);
        ggml_tensor *output = ggml_mul_mat(context_.get(), matrix, input);
        std::vector<float> found(static_cast<size_t>(weights.rows * batch));
        if (!compute(of_weights.get(), context_.get(), matrix, weights, input, inputs, nullptr, output, found)) {
            found.clear();
        }
        return found;
    }

    /** Adds how far they are from what they should be; false where there are none. */
    bool product(const Weights &weights, const std::vector<float> &inputs, int64_t batch, Difference &difference) {
        const std::vector<float> found = products_with(weights, inputs, batch);
        for (int64_t i = 0; i < batch && !found.empty(); ++i) {
            for (int64_t row = 0; row < weights.rows; ++row) {
                compare(&weights.values[static_cast<size_t>(row * weights.columns)],
                        &inputs[static_cast<size_t>(i * weights.columns)], weights.columns,
                        found[static_cast<size_t>(i * weights.rows + row)], difference);
            }
        }
        return !found.empty();
    }

    /** The same by several experts, of which each input takes two. */
    bool product_of_experts(const Weights &weights, const std::vector<float> &inputs, int64_t batch,
                            Difference &difference) {
        const ggml_context_ptr of_weights = context();
        const ggml_context_ptr context_ = context();
        const int64_t rows = weights.rows / experts;
        ggml_tensor *matrix = ggml_new_tensor_3d(of_weights.get(), weights.type, weights.columns, rows, experts);
        ggml_tensor *input = ggml_new_tensor_3d(context_.get(), GGML_TYPE_F32, weights.columns, 1, batch);
        ggml_tensor *chosen = ggml_new_tensor_2d(context_.get(), GGML_TYPE_I32, experts_used, batch);
        ggml_tensor *output = ggml_mul_mat_id(context_.get(), matrix, input, chosen);
        std::vector<float> found(static_cast<size_t>(rows * experts_used * batch));
        if (!compute(of_weights.get(), context_.get(), matrix, weights, input, inputs, chosen, output, found)) {
            return false;
        }
        for (int64_t i = 0; i < batch * experts_used; ++i) {
            for (int64_t row = 0; row < rows; ++row) {
                const int64_t weight_row = expert(i) * rows + row;
                compare(&weights.values[static_cast<size_t>(weight_row * weights.columns)],
                        &inputs[static_cast<size_t>(i / experts_used * weights.columns)], weights.columns,
                        found[static_cast<size_t>(i * rows + row)], difference);
            }
        }
        return true;
    }

    /** The products of several matrices, made of the first of these weights, one matrix after the other. */
    std::vector<float> products_of(std::span<const Matrix> matrices, const Weights &weights,
                                   std::span<const float> inputs, int64_t batch) {
        const ggml_context_ptr of_weights = context();
        const ggml_context_ptr rest = context();
        ggml_tensor *input = ggml_new_tensor_3d(rest.get(), GGML_TYPE_F32, weights.columns, 1, batch);
        ggml_tensor *tokens = ggml_reshape_2d(rest.get(), input, weights.columns, batch);
        ggml_tensor *chosen = ggml_new_tensor_2d(rest.get(), GGML_TYPE_I32, experts_used, batch);
        std::vector<ggml_tensor *> outputs;
        for (const Matrix &matrix : matrices) {
            outputs.push_back(
                matrix.experts == 0
                    ? ggml_mul_mat(rest.get(),
                                   ggml_new_tensor_2d(of_weights.get(), weights.type, weights.columns, matrix.rows),
                                   tokens)
                    : ggml_mul_mat_id(rest.get(),
                                      ggml_new_tensor_3d(of_weights.get(), weights.type, weights.columns, matrix.rows,
                                                         matrix.experts),
                                      input, chosen));
        }
        const ggml_backend_buffer_ptr weights_buffer(
            ggml_backend_alloc_ctx_tensors_from_buft(of_weights.get(), buffer_type_));
        const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(rest.get(), device_.backend()));
        ggml_cgraph *graph = ggml_new_graph(rest.get());
        for (ggml_tensor *output : outputs) {
            if (!ggml_backend_dev_supports_op(device_.device(), output)) {
                return {};
            }
            ggml_backend_tensor_set(output->src[0], weights.bytes.data(), 0, ggml_nbytes(output->src[0]));
            ggml_build_forward_expand(graph, output);
        }
        ggml_backend_tensor_set(input, inputs.data(), 0, ggml_nbytes(input));
        set_experts(chosen);
        if (ggml_backend_graph_compute(device_.backend(), graph) != GGML_STATUS_SUCCESS) {
            throw std::runtime_error("the graph was not computed");
        }
        std::vector<float> found;
        for (const ggml_tensor *output : outputs) {
            const size_t before = found.size();
            found.resize(before + static_cast<size_t>(ggml_nelements(output)));
            ggml_backend_tensor_get(output, &found[before], 0, ggml_nbytes(output));
        }
        return found;
    }

  private:
    static ggml_context_ptr context() {
        return ggml_context_ptr(ggml_init({.mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(),
                                           .mem_buffer = nullptr,
                                           .no_alloc = true}));
    }

    /** Which expert the n-th choice is. */
    static int32_t expert(int64_t n) { return static_cast<int32_t>((n * 3 + n / experts_used) % experts); }

    static void set_experts(ggml_tensor *chosen) {
        std::vector<int32_t> numbers(static_cast<size_t>(ggml_nelements(chosen)));
        for (size_t i = 0; i < numbers.size(); ++i) {
            numbers[i] = expert(static_cast<int64_t>(i));
        }
        ggml_backend_tensor_set(chosen, numbers.data(), 0, ggml_nbytes(chosen));
    }

    bool compute(ggml_context *of_weights, ggml_context *rest, ggml_tensor *matrix, const Weights &weights,
                 ggml_tensor *input, std::span<const float> inputs, ggml_tensor *chosen, ggml_tensor *output,
                 std::vector<float> &found) {
        const ggml_backend_buffer_ptr weights_buffer(
            ggml_backend_alloc_ctx_tensors_from_buft(of_weights, buffer_type_));
        if (!weights_buffer || !ggml_backend_dev_supports_op(device_.device(), output)) {
            return false; // asked before the weights are given: what has no kernel for them cannot take them either
        }
        const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(rest, device_.backend()));
        ggml_backend_tensor_set(matrix, weights.bytes.data(), 0, weights.bytes.size());
        ggml_backend_tensor_set(input, inputs.data(), 0, ggml_nbytes(input));
        if (chosen != nullptr) {
            set_experts(chosen);
        }
        ggml_cgraph *graph = ggml_new_graph(rest);
        ggml_build_forward_expand(graph, output);
        if (ggml_backend_graph_compute(device_.backend(), graph) != GGML_STATUS_SUCCESS) {
            throw std::runtime_error("the graph was not computed");
        }
        ggml_backend_tensor_get(output, found.data(), 0, ggml_nbytes(output));
        return true;
    }

    Device &device_;
    ggml_backend_buffer_type_t buffer_type_;
};

struct Totals {
    size_t computed = 0;
    size_t wrong = 0;
    size_t same = 0;                      // products that were computed alone and in company
    size_t adjacent = 0;                  // products that were computed one by one and together
    uint64_t digest = 0xCBF29CE484222325; // of the bits of all of them: FNV-1a

    void add_to_digest(std::span<const float> found) {
        for (const float number : found) {
            uint32_t bits;
            std::memcpy(&bits, &number, sizeof(bits));
            digest = (digest ^ bits) * 0x100000001B3;
        }
    }
    std::map<std::string, size_t> by_way;
};

/** One product, in words. */
std::string words(const Weights &weights, int64_t batch, int threads, bool by_experts) {
    return std::to_string(weights.columns) + " columns, " + std::to_string(weights.rows) + " rows, " +
           std::to_string(batch) + " inputs, " + std::to_string(threads) + " threads" + (by_experts ? ", experts" : "");
}

/** All products of weights of a type, in several shapes, in one way. */
void check(Device &device, const std::vector<Weights> &shaped, ggml_backend_buffer_type_t buffer_type, bool small,
           Totals &totals) {
    Computation computation(device, buffer_type);
    const ggml_type type = shaped.front().type;
    std::printf("%s in %s: ", ggml_type_name(type), ggml_backend_buft_name(buffer_type));
    std::fflush(stdout);

    const Tolerance allowed = tolerance(type);
    Difference all;
    size_t computed = 0;
    std::string wrong;
    for (const Weights &weights : shaped) {
        const std::span<const int64_t> counts =
            small ? std::span<const int64_t>(small_batches) : std::span<const int64_t>(batches);
        const std::vector<float> inputs = make_inputs(weights.columns, counts.back());
        for (const int64_t batch : counts) {
            for (const int threads : {1, 2}) {
                device.set_threads(threads);
                for (const bool by_experts : {false, true}) {
                    Difference difference;
                    if (by_experts && (weights.rows % experts != 0 || (batch != 1 && batch != counts.back()))) {
                        continue;
                    }
                    if (!(by_experts ? computation.product_of_experts(weights, inputs, batch, difference)
                                     : computation.product(weights, inputs, batch, difference))) {
                        continue;
                    }
                    ++computed;
                    all.worst = std::isnan(difference.worst) ? difference.worst : std::max(all.worst, difference.worst);
                    all.sum_of_squares += difference.sum_of_squares;
                    all.count += difference.count;
                    if (!(difference.worst <= allowed.worst && difference.typical() <= allowed.typical)) {
                        ++totals.wrong;
                        wrong += "  wrong: " + words(weights, batch, threads, by_experts) + ": " +
                                 std::to_string(difference.worst) + " off at worst, " +
                                 std::to_string(difference.typical()) + " typically\n";
                    }
                }
            }
        }
    }
    totals.computed += computed;
    totals.by_way[ggml_backend_buft_name(buffer_type)] += computed;
    if (computed > 0) {
        std::printf("%zu products, off by %.2g at worst (%.2g allowed), %.2g typically (%.2g allowed)\n%s", computed,
                    all.worst, allowed.worst, all.typical(), allowed.typical, wrong.c_str());
    } else if (ggml_backend_buft_is_host(buffer_type)) {
        std::printf("none\n  wrong: weights of every type have a product in plain memory\n");
        ++totals.wrong;
    } else {
        std::printf("no kernel\n");
    }
}

/** Of kernels of ours: an input's products are the same, bit by bit, whatever is multiplied beside it. */
void check_company(Device &device, const std::vector<Weights> &shaped, ggml_backend_buffer_type_t buffer_type,
                   Totals &totals) {
    if (std::strcmp(ggml_backend_buft_name(buffer_type), "CPU_PANELS") != 0) {
        return;
    }
    Computation computation(device, buffer_type);
    constexpr int64_t together = 70;
    for (const Weights &weights : shaped) {
        const std::vector<float> inputs = make_inputs(weights.columns, together);
        device.set_threads(2);
        const std::vector<float> all = computation.products_with(weights, inputs, together);
        if (all.empty()) {
            continue;
        }
        totals.add_to_digest(all);
        for (int64_t batch = 1; batch <= 32; ++batch) {
            device.set_threads(batch % 2 == 0 ? 2 : 1);
            const int64_t first = (batch * 7) % (together - batch);
            const std::vector<float> some = computation.products_with(
                weights, std::span(inputs).subspan(static_cast<size_t>(first * weights.columns)), batch);
            ++totals.same;
            if (std::memcmp(some.data(), &all[static_cast<size_t>(first * weights.rows)],
                            some.size() * sizeof(float)) != 0) {
                ++totals.wrong;
                std::printf("  wrong: %s, %s: not what they are among %lld inputs\n", ggml_type_name(weights.type),
                            words(weights, batch, batch % 2 == 0 ? 2 : 1, false).c_str(),
                            static_cast<long long>(together));
            }
        }
    }
}

/** Of kernels of ours: products of one input that are computed together are what they are one by one, bit by bit. */
void check_adjacent(Device &device, const std::vector<Weights> &shaped, ggml_backend_buffer_type_t buffer_type,
                    Totals &totals) {
    if (std::strcmp(ggml_backend_buft_name(buffer_type), "CPU_PANELS") != 0) {
        return;
    }
    Computation computation(device, buffer_type);
    for (const Weights &weights : shaped) {
        const std::vector<float> inputs = make_inputs(weights.columns, batches[std::size(batches) - 1]);
        const std::vector<Matrix> of_all{{weights.rows}, {17}, {1}, {weights.rows}, {5}, {16}};
        const std::vector<Matrix> of_experts{
            {weights.rows / experts, experts}, {weights.rows / experts, experts}, {3, experts}};
        for (const std::vector<Matrix> &matrices : {of_all, of_experts}) {
            for (const int64_t batch : {1, 2, 9, 70}) {
                for (const int threads : {1, 2, 3}) {
                    device.set_threads(threads);
                    std::vector<float> expected;
                    for (const Matrix &matrix : matrices) {
                        const auto found = computation.products_of(std::span(&matrix, 1), weights, inputs, batch);
                        expected.insert(expected.end(), found.begin(), found.end());
                    }
                    const auto found = computation.products_of(matrices, weights, inputs, batch);
                    totals.adjacent += expected.empty() ? 0 : matrices.size();
                    if (found.size() != expected.size() ||
                        std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) != 0) {
                        ++totals.wrong;
                        std::printf("  wrong: %s, %s: not what they are one by one\n", ggml_type_name(weights.type),
                                    words(weights, batch, threads, matrices.front().experts != 0).c_str());
                    }
                }
            }
        }
    }
}

int run(const std::string &module, bool unchecked, bool small) {
    Device device(module, unchecked);
    Totals totals;
    for (const ggml_type type : weight_types()) {
        std::vector<Weights> shaped;
        for (const Shape &shape : small ? std::span<const Shape>(small_shapes) : std::span<const Shape>(shapes)) {
            shaped.push_back(make_weights(type, shape.columns, shape.rows));
        }
        for (ggml_backend_buffer_type_t buffer_type : device.buffer_types()) {
            check(device, shaped, buffer_type, small, totals);
            check_company(device, shaped, buffer_type, totals);
            check_adjacent(device, shaped, buffer_type, totals);
        }
    }
    std::string ways;
    for (const auto &[way, computed] : totals.by_way) {
        ways += (ways.empty() ? "" : ", ") + way + " " + std::to_string(computed);
    }
    std::printf("%zu products one by one and together\n", totals.adjacent);
    std::printf("%zu products the same alone and in company, digest %016llx\n", totals.same,
                static_cast<unsigned long long>(totals.digest));
    std::printf("%zu products, %zu wrong: %s\n", totals.computed, totals.wrong, ways.c_str());
    return totals.computed == 0 ? 2 : totals.wrong > 0 ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
    std::string module;
    bool unchecked = false;
    bool small = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--module") == 0 && i + 1 < argc) {
            module = argv[++i];
        } else if (std::strcmp(argv[i], "--unchecked") == 0) {
            unchecked = true;
        } else if (std::strcmp(argv[i], "--small") == 0) {
            small = true;
        } else {
            std::fprintf(stderr, "usage: cpu_products [--module FILE [--unchecked]] [--small]\n");
            return 2;
        }
    }
    try {
        return run(module, unchecked, small);
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
        return 2;
    }
}
