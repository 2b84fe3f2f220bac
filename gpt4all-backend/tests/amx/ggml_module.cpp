#include "ggml_module.h"

#include "ggml-cpu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <dlfcn.h>
#include <random>
#include <stdexcept>
#include <string_view>

namespace amx {

namespace {

std::string messages;

void remember(ggml_log_level level, const char *text, void * /*user*/) {
    if (level != GGML_LOG_LEVEL_DEBUG) {
        messages += text;
    }
}

template<typename Function> Function *symbol(void *handle, const char *name) {
    auto *found = reinterpret_cast<Function *>(dlsym(handle, name));
    if (found == nullptr) {
        throw std::runtime_error(dlerror());
    }
    return found;
}

std::vector<float> random_floats(int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<size_t>(count));
    std::generate(values.begin(), values.end(), [&] { return normal(random); });
    return values;
}

struct FreeContext {
    void operator()(ggml_context *context) const { ggml_free(context); }
};
struct FreeBuffer {
    void operator()(ggml_backend_buffer_t buffer) const { ggml_backend_buffer_free(buffer); }
};
using Context = std::unique_ptr<ggml_context, FreeContext>;
using Buffer = std::unique_ptr<ggml_backend_buffer, FreeBuffer>;

Context new_context() {
    constexpr size_t enough = 64;
    const size_t size = enough * ggml_tensor_overhead() + ggml_graph_overhead();
    return Context(ggml_init({.mem_size = size, .mem_buffer = nullptr, .no_alloc = true}));
}

double length(const float *values, int64_t count) {
    double sum = 0;
    for (int64_t at = 0; at < count; ++at) {
        sum += static_cast<double>(values[at]) * values[at];
    }
    return std::sqrt(sum);
}

double dot(const float *left, const float *right, int64_t count) {
    double sum = 0;
    for (int64_t at = 0; at < count; ++at) {
        sum += static_cast<double>(left[at]) * right[at];
    }
    return sum;
}

/** Compares the results of `product` with those in double precision. */
Comparison judge(const Product &product, const std::vector<float> &weights, const std::vector<float> &vectors,
                 const std::vector<float> &results) {
    Comparison found{.supported = true, .worst = 0, .at = 0, .not_finite = 0};
    const int64_t matrix = product.columns * product.rows;
    for (size_t at = 0; at < results.size(); ++at) {
        const auto place = static_cast<int64_t>(at);
        const int64_t vector = place / product.rows;
        const int64_t batch = vector / product.count;
        const int64_t of_matrix = batch / (product.batches / product.matrices); // those that share one are neighbours
        const float *row = weights.data() + of_matrix * matrix + place % product.rows * product.columns;
        const float *with = vectors.data() + vector * product.columns;
        if (!std::isfinite(results[at])) {
            ++found.not_finite;
            continue;
        }
        const double typical = length(row, product.columns) * length(with, product.columns) /
                               std::sqrt(static_cast<double>(product.columns));
        const double error = std::abs(results[at] - dot(row, with, product.columns)) / typical;
        if (error > found.worst) {
            found.worst = error;
            found.at = at;
        }
    }
    return found;
}

} // namespace

GgmlModule::GgmlModule(const std::string &path) {
    messages.clear();
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw std::runtime_error(dlerror());
    }
    symbol<decltype(ggml_log_set)>(handle, "ggml_log_set")(remember, nullptr);
    registry_ = symbol<ggml_backend_reg_t()>(handle, "ggml_backend_init")();
    if (registry_ == nullptr) {
        throw std::runtime_error(path + " could not be initialised");
    }
    device_ = ggml_backend_reg_dev_get(registry_, 0);
    backend_.reset(ggml_backend_dev_init(device_, nullptr));
}

ggml_backend_buffer_type_t GgmlModule::amx_buffers() const {
    auto *list = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
        ggml_backend_reg_get_proc_address(registry_, "ggml_backend_dev_get_extra_bufts"));
    for (ggml_backend_buffer_type_t *type = list(device_); type != nullptr && *type != nullptr; ++type) {
        if (std::string_view(ggml_backend_buft_name(*type)) == "AMX") {
            return *type;
        }
    }
    return nullptr;
}

void GgmlModule::set_threads(int count) {
    reinterpret_cast<ggml_backend_set_n_threads_t>(
        ggml_backend_reg_get_proc_address(registry_, "ggml_backend_set_n_threads"))(backend_.get(), count);
}

const std::string &GgmlModule::log() {
    return messages;
}

std::string module_path() {
    const char *named = std::getenv("AMX_MODULE");
    return named == nullptr ? AMX_MODULE : named;
}

bool processor_suffices() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
}

Comparison compare(const GgmlModule &module, ggml_backend_buffer_type_t buffers, const Product &product) {
    const Context of_weights = new_context();
    ggml_tensor *weights =
        ggml_new_tensor_3d(of_weights.get(), product.type, product.columns, product.rows, product.matrices);
    const Buffer weights_buffer(ggml_backend_alloc_ctx_tensors_from_buft(of_weights.get(), buffers));

    const Context of_rest = new_context();
    ggml_tensor *vectors =
        ggml_new_tensor_3d(of_rest.get(), GGML_TYPE_F32, product.columns, product.count, product.batches);
    ggml_tensor *result = ggml_mul_mat(of_rest.get(), weights, vectors);
    const Buffer rest_buffer(ggml_backend_alloc_ctx_tensors_from_buft(of_rest.get(), module.plain_buffers()));
    if (!ggml_backend_dev_supports_op(module.device(), result)) {
        return {.supported = false, .worst = 0, .at = 0, .not_finite = 0};
    }

    const int64_t values = product.columns * product.rows * product.matrices;
    std::vector<float> exact = random_floats(values, 1);
    std::vector<uint8_t> quantized(ggml_nbytes(weights));
    ggml_quantize_chunk(product.type, exact.data(), quantized.data(), 0, product.rows * product.matrices,
                        product.columns, nullptr);
    ggml_get_type_traits(product.type)->to_float(quantized.data(), exact.data(), values);
    const std::vector<float> random = random_floats(product.columns * product.count * product.batches, 2);
    const std::vector<float> unwritten(static_cast<size_t>(ggml_nelements(result)), NAN);
    ggml_backend_tensor_set(weights, quantized.data(), 0, quantized.size());
    ggml_backend_tensor_set(vectors, random.data(), 0, ggml_nbytes(vectors));
    ggml_backend_tensor_set(result, unwritten.data(), 0, ggml_nbytes(result));

    ggml_cgraph *graph = ggml_new_graph(of_rest.get());
    ggml_build_forward_expand(graph, result);
    if (ggml_backend_graph_compute(module.backend(), graph) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error("the graph could not be computed");
    }
    std::vector<float> results(unwritten.size());
    ggml_backend_tensor_get(result, results.data(), 0, ggml_nbytes(result));
    return judge(product, exact, random, results);
}

} // namespace amx
