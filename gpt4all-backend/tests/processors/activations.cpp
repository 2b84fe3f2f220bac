// Computes GELU, exactly and by tanh, and what multiplies with it, and compares with double precision: with a CPU
// module, or with what is built in. Rows have lengths that are no multiple of a vector.
//
// Usage: cpu_activations [--module FILE [--unchecked]]
//
// Ends with 1 if an output is wrong, and with 2 if nothing could be computed.

#include "device.h"
#include "ggml-cpp.h"
#include "ggml.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using products::Device;

constexpr double allowed = 4e-7; // of values below 1, and in relation to those above
constexpr double factor = -1.5;

double exact(double x) {
    return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}

double by_tanh(double x) {
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

struct Function {
    const char *name;
    ggml_tensor *(*make)(ggml_context *context, ggml_tensor *numbers, ggml_tensor *factors);
    double (*expected)(double x);
};

constexpr Function functions[] = {
    {"GELU", [](ggml_context *context, ggml_tensor *x, ggml_tensor *) { return ggml_gelu_erf(context, x); }, exact},
    {"GELU by tanh", [](ggml_context *context, ggml_tensor *x, ggml_tensor *) { return ggml_gelu(context, x); },
     by_tanh},
    {"GEGLU by tanh",
     [](ggml_context *context, ggml_tensor *x, ggml_tensor *times) { return ggml_geglu_split(context, x, times); },
     [](double x) { return by_tanh(x) * factor; }},
};

/** From -12 to 12, where either function has long become 0 or its argument; then numbers of any size. */
std::vector<float> make_numbers() {
    std::vector<float> made;
    for (int i = -12000; i <= 12000; ++i) {
        made.push_back(static_cast<float>(i) / 1000.0F);
    }
    for (const float size : {1e-38F, 1e-20F, 1e-6F, 100.0F, 1e6F, 1e18F, 1e30F, 1e38F}) {
        made.push_back(size);
        made.push_back(-size);
    }
    return made;
}

/** Throws std::runtime_error. */
std::vector<float> compute(Device &device, const Function &function, const std::vector<float> &numbers, int64_t row) {
    const int64_t rows = static_cast<int64_t>(numbers.size()) / row;
    const ggml_context_ptr context(ggml_init(
        {.mem_size = 8 * ggml_tensor_overhead() + ggml_graph_overhead(), .mem_buffer = nullptr, .no_alloc = true}));
    ggml_tensor *given = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, row, rows);
    ggml_tensor *factors = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, row, rows);
    ggml_tensor *output = function.make(context.get(), given, factors);
    ggml_cgraph *graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, output);
    const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(context.get(), device.backend()));
    const std::vector<float> same(static_cast<size_t>(row * rows), static_cast<float>(factor));
    ggml_backend_tensor_set(given, numbers.data(), 0, ggml_nbytes(given));
    ggml_backend_tensor_set(factors, same.data(), 0, ggml_nbytes(factors));
    device.set_threads(2);
    if (ggml_backend_graph_compute(device.backend(), graph) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error(std::string("the backend does not compute ") + function.name);
    }
    std::vector<float> found(static_cast<size_t>(row * rows));
    ggml_backend_tensor_get(output, found.data(), 0, ggml_nbytes(output));
    return found;
}

/** What is wrong, or nothing. */
std::string check(Device &device, const Function &function, int64_t row) {
    const std::vector<float> numbers = make_numbers();
    const std::vector<float> found = compute(device, function, numbers, row);
    for (size_t i = 0; i < found.size(); ++i) {
        const double wanted = function.expected(static_cast<double>(numbers[i]));
        const double limit = allowed * std::fmax(1, std::fabs(wanted));
        if (!(std::fabs(static_cast<double>(found[i]) - wanted) <= limit)) {
            return std::to_string(numbers[i]) + " gives " + std::to_string(found[i]) + " in place of " +
                   std::to_string(wanted);
        }
    }
    return "";
}

int run(const std::string &module, bool unchecked) {
    Device device(module, unchecked);
    size_t cases = 0;
    size_t wrong = 0;
    for (const Function &function : functions) {
        for (const int64_t row : {1, 3, 16, 61, 24017}) {
            const std::string fault = check(device, function, row);
            ++cases;
            if (!fault.empty()) {
                ++wrong;
                std::printf("wrong: %s, rows of %d: %s\n", function.name, static_cast<int>(row), fault.c_str());
            }
        }
    }
    std::printf("%zu cases of activations, %zu wrong\n", cases, wrong);
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
            std::fprintf(stderr, "usage: cpu_activations [--module FILE [--unchecked]]\n");
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
