#include "quantize/plan.h"

#include "ggml.h"
#include "llama-ext.h"   // which type each tensor is given
#include "llama-model.h" // the tensors of a model
#include "llama.h"
#include "llama/logging.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

namespace llmodel {

namespace {

[[noreturn]] void requires_imatrix(const std::string &tensor, ggml_type type) {
    throw Error(LLMODEL_INVALID_ARGUMENT,
                "the tensor " + tensor + " would be of type " + ggml_type_name(type) +
                    ", which cannot be made without knowing which weights matter; give an imatrix that includes this "
                    "tensor, or another type for it",
                {{"path", "/imatrix"}, {"tensor", tensor}, {"type", ggml_type_name(type)}});
}

} // namespace

void refuse_requantizing(const std::filesystem::path &path, const std::string &reason) {
    throw Error(LLMODEL_INVALID_ARGUMENT,
                path.string() + " is already quantised (" + reason +
                    "); start from the F16 or F32 file, or set allow_requantize",
                {{"path", "/allow_requantize"}, {"reason", reason}});
}

uint64_t plan_quantization(const GgufFile &file, const QuantizeRequest &request) {
    const LogFilter silence([](ggml_log_level, std::string_view) { return false; });
    llama_model_params model_params = llama_model_default_params();
    model_params.no_alloc = true;
    model_params.load_mode = LLAMA_LOAD_MODE_NONE;
    model_params.n_gpu_layers = 0;
    const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
        llama_model_load_from_file(file.path.c_str(), model_params), llama_model_free);
    if (!model) {
        throw Error(LLMODEL_INVALID_MODEL, file.path + ": llama.cpp cannot read this model", {{"path", file.path}});
    }
    const std::unique_ptr<quantize_state_impl, decltype(&llama_quant_free)> state(
        llama_quant_init(model.get(), &request.params()), llama_quant_free);

    uint64_t bytes = 0;
    std::vector<ggml_tensor *> changing;
    std::vector<std::string_view> seen;
    for (const auto &[name, tensor] : llama_internal_get_tensor_map(model.get())) {
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
            continue; // shared, as embeddings that are the output too
        }
        seen.push_back(name);
        if (llama_quant_tensor_allows_quantization(state.get(), tensor)) {
            changing.push_back(tensor);
        } else {
            bytes += ggml_nbytes(tensor);
        }
    }
    std::vector<ggml_type> types(changing.size());
    try {
        llama_quant_compute_types(state.get(), request.params().ftype, changing.data(), types.data(), changing.size());
    } catch (const Error &) {
        throw;
    } catch (const std::exception &error) { // rows that neither the type nor any like it can hold
        throw Error(LLMODEL_UNSUPPORTED,
                    file.path + " cannot be quantised to " + request.type() + ": " + error.what() +
                        "; choose another type",
                    {{"path", "/type"}, {"reason", error.what()}});
    }
    for (size_t i = 0; i < changing.size(); ++i) {
        const ggml_tensor *tensor = changing[i];
        const ggml_type type = types[i];
        if (tensor->ne[0] % ggml_blck_size(type) != 0) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        std::string("the tensor ") + tensor->name + " cannot be of type " + ggml_type_name(type) +
                            ": its rows of " + std::to_string(tensor->ne[0]) + " values are not a multiple of " +
                            std::to_string(ggml_blck_size(type)),
                        {{"tensor", tensor->name}, {"type", ggml_type_name(type)}});
        }
        if (type != tensor->type && ggml_quantize_requires_imatrix(type) && !request.matters(tensor->name)) {
            requires_imatrix(tensor->name, type);
        }
        if (type != tensor->type && ggml_is_quantized(tensor->type) && !request.params().allow_requantize) {
            refuse_requantizing(file.path, std::string("the tensor ") + tensor->name + " is of type " +
                                               ggml_type_name(tensor->type));
        }
        bytes += ggml_row_size(type, tensor->ne[0]) * static_cast<uint64_t>(ggml_nrows(tensor));
    }
    return bytes + file.data_offset;
}

} // namespace llmodel
