// How fast the processor multiplies weights of each type with one, eight and 256 inputs, in every way that it has,
// beside how fast it reads memory, in the same run.
//
// Usage: llmodel_bench_products [--module FILE] [--threads N] [--columns N] [--rows N] [--types q4_0,q6_K]
//     [--way CPU_PANELS] [--inputs N]
//
// Prints a JSON object a line: type, way, inputs, products for a nanosecond, bytes of weights for a nanosecond.

#include "../tests/processors/device.h"
#include "../tests/processors/weights.h"
#include "bench_limits.h"
#include "bench_rounds.h"
#include "ggml-cpp.h"
#include "ggml.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace products;

constexpr size_t cold_bytes = size_t{400} << 20; // of matrices that are used in turn
constexpr double seconds_each = 0.35;

struct Settings {
    std::string module;
    std::string types = "q4_0,q4_1,q5_0,q5_1,q8_0,q4_K,q5_K,q6_K,iq4_nl,mxfp4";
    std::string way;
    std::vector<int64_t> inputs{1, 8, 256};
    int threads = 2;
    int64_t columns = 2048;
    int64_t rows = 5632;
};

/** Products with matrices of one type, in one kind of memory. */
class Matrices {
  public:
    Matrices(const Device &device, ggml_backend_buffer_type_t way, const Weights &weights)
        : device_(device), count_(std::clamp<size_t>(cold_bytes / weights.bytes.size(), 1, 64)),
          weights_(context(count_)) {
        for (size_t i = 0; i < count_; ++i) {
            matrices_.push_back(ggml_new_tensor_2d(weights_.get(), weights.type, weights.columns, weights.rows));
        }
        const ggml_context_ptr probe = context(4);
        buffer_.reset(ggml_backend_alloc_ctx_tensors_from_buft(weights_.get(), way));
        ggml_tensor *input = ggml_new_tensor_2d(probe.get(), GGML_TYPE_F32, weights.columns, 1);
        if (!buffer_ ||
            !ggml_backend_dev_supports_op(device.device(), ggml_mul_mat(probe.get(), matrices_[0], input))) {
            matrices_.clear();
            return;
        }
        for (ggml_tensor *matrix : matrices_) {
            ggml_backend_tensor_set(matrix, weights.bytes.data(), 0, weights.bytes.size());
        }
    }

    bool can() const { return !matrices_.empty(); }

    /** Seconds for one product, the quickest of several rounds. */
    double time(int64_t inputs) {
        const ggml_context_ptr rest = context(2 * count_ + 2);
        ggml_tensor *input = ggml_new_tensor_2d(rest.get(), GGML_TYPE_F32, matrices_[0]->ne[0], inputs);
        const size_t used = inputs > 8 ? std::min<size_t>(4, count_) : count_;
        ggml_cgraph *graph = ggml_new_graph(rest.get());
        for (size_t i = 0; i < used; ++i) {
            ggml_build_forward_expand(graph, ggml_mul_mat(rest.get(), matrices_[i], input));
        }
        const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(rest.get(), device_.backend()));
        const std::vector<float> values = make_inputs(matrices_[0]->ne[0], inputs);
        ggml_backend_tensor_set(input, values.data(), 0, ggml_nbytes(input));
        const double best = quickest_round(seconds_each, [&] { ggml_backend_graph_compute(device_.backend(), graph); });
        return best / static_cast<double>(used);
    }

  private:
    static ggml_context_ptr context(size_t tensors) {
        return ggml_context_ptr(ggml_init({.mem_size = (tensors + 2) * ggml_tensor_overhead() + ggml_graph_overhead(),
                                           .mem_buffer = nullptr,
                                           .no_alloc = true}));
    }

    const Device &device_;
    size_t count_;
    ggml_context_ptr weights_;
    ggml_backend_buffer_ptr buffer_;
    std::vector<ggml_tensor *> matrices_;
};

void run(const Settings &settings) {
    Device device(settings.module, false);
    device.set_threads(settings.threads);
    std::printf("{\"read_bandwidth\": %.2f, \"peak_products_per_ns\": %.1f, \"threads\": %d}\n",
                read_bandwidth(settings.threads), peak_products(settings.threads), settings.threads);
    for (const ggml_type type : weight_types()) {
        const std::string name = ggml_type_name(type);
        if (("," + settings.types + ",").find("," + name + ",") == std::string::npos) {
            continue;
        }
        const Weights weights = make_weights(type, settings.columns, settings.rows);
        for (ggml_backend_buffer_type_t way : device.buffer_types()) {
            if (!settings.way.empty() && settings.way != ggml_backend_buft_name(way)) {
                continue;
            }
            Matrices matrices(device, way, weights);
            for (const int64_t inputs : settings.inputs) {
                if (!matrices.can()) {
                    break;
                }
                const double took = matrices.time(inputs) * 1e9;
                std::printf("{\"type\": \"%s\", \"way\": \"%s\", \"inputs\": %lld, \"products_per_ns\": %.1f, "
                            "\"bytes_per_ns\": %.2f}\n",
                            name.c_str(), ggml_backend_buft_name(way), static_cast<long long>(inputs),
                            static_cast<double>(settings.columns * settings.rows * inputs) / took,
                            static_cast<double>(weights.bytes.size()) / took);
                std::fflush(stdout);
            }
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--module") {
            settings.module = argv[i + 1];
        } else if (option == "--types") {
            settings.types = argv[i + 1];
        } else if (option == "--way") {
            settings.way = argv[i + 1];
        } else if (option == "--inputs") {
            settings.inputs = {std::stoll(argv[i + 1])};
        } else if (option == "--threads") {
            settings.threads = std::stoi(argv[i + 1]);
        } else if (option == "--columns") {
            settings.columns = std::stoll(argv[i + 1]);
        } else if (option == "--rows") {
            settings.rows = std::stoll(argv[i + 1]);
        } else {
            std::fprintf(stderr, "unknown option %s\n", option.c_str());
            return 2;
        }
    }
    try {
        run(settings);
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
