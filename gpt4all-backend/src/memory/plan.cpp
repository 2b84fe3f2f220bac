#include "memory/plan.h"

#include "files/inspect.h"
#include "llama-ext.h"   // what a context takes of which memory
#include "llama-model.h" // which memory each tensor is in
#include "llama/logging.h"

#include <algorithm>
#include <limits>
#include <string>

namespace llmodel {

namespace {

// Bytes of memory per byte of metadata that llama.cpp's tokenizer takes: 7 to 9.5, measured over vocabularies of 30,000
// to 256,000 tokens. The metadata is nearly all vocabulary.
constexpr uint64_t tokenizer_factor = 8;

MemoryPlan empty_plan() {
    MemoryPlan plan;
    plan.devices.push_back(MemoryUsage{.device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU)});
    return plan;
}

/** Memory of the host counts for the CPU, whichever device it is pinned for. */
ggml_backend_dev_t device_of(ggml_backend_buffer_type_t type, const MemoryPlan &plan) {
    ggml_backend_dev_t device = ggml_backend_buft_get_device(type);
    return device == nullptr || ggml_backend_buft_is_host(type) ||
                   ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU
               ? plan.devices.front().device
               : device;
}

bool maps_file(const common_params &params, const llama_model *model) {
    if (params.load_mode != LLAMA_LOAD_MODE_AUTO) {
        return params.load_mode == LLAMA_LOAD_MODE_MMAP || params.load_mode == LLAMA_LOAD_MODE_MMAP_MLOCK;
    }
    for (int32_t i = 0; i < llama_model_n_devices(model); ++i) {
        ggml_backend_dev_props properties{};
        ggml_backend_dev_get_props(llama_model_get_device(model, i), &properties);
        if (!properties.caps.mmap_support) {
            return false;
        }
    }
    return true;
}

/** The pages of the file that stay mapped: llama.cpp keeps those from the first to the last tensor that is used where
 * it lies, and has read what is between, such as weights of which a repacked copy was made. */
void add_mapped_weights(MemoryPlan &plan, const llama_model *model, const GgufFile &file, bool locked) {
    ggml_backend_buffer_type_t plain = ggml_backend_dev_buffer_type(plan.host().device);
    uint64_t first = std::numeric_limits<uint64_t>::max();
    uint64_t last = 0;
    uint64_t used = 0;
    bool whole = false;
    for (const auto &[name, tensor] : llama_internal_get_tensor_map(model)) {
        if (tensor->buffer == nullptr || ggml_backend_buffer_get_type(tensor->buffer) != plain) {
            continue;
        }
        const uint64_t size = ggml_nbytes(tensor);
        used += size;
        if (const GgufTensor *stored = file.find_tensor(name); stored != nullptr) {
            first = std::min(first, stored->offset);
            last = std::max(last, stored->offset + stored->size);
        } else {
            whole = true; // it is in another part of a model in several files
        }
    }
    const uint64_t mapped = whole || first >= last ? used : std::max(used, last - first);
    plan.host().weights += mapped;
    plan.reclaimable += locked ? 0 : mapped - used;
}

/** Has llama.cpp take the vocabulary for one of nameless tokens: no more than their number decides how a model is laid
 *  out, and to read them would be most of the work. */
void leave_out_vocabulary(common_params &params, const GgufFile &file) {
    const StringArray *tokens = file.get_strings("tokenizer.ggml.tokens");
    const std::string size_key = std::string(file.architecture()) + ".vocab_size";
    llama_model_kv_override size{};
    if (tokens == nullptr || size_key.size() >= sizeof(size.key)) {
        return;
    }
    std::copy(size_key.begin(), size_key.end(), size.key);
    size.tag = LLAMA_KV_OVERRIDE_TYPE_INT;
    size.val_i64 = static_cast<int64_t>(tokens->size());
    const llama_model_kv_override kind{
        .tag = LLAMA_KV_OVERRIDE_TYPE_STR, .key = "tokenizer.ggml.model", .val_str = "no_vocab"};
    params.kv_overrides = {kind, size, llama_model_kv_override{}}; // the last ends the list
}

uint64_t number(const GgufFile &file, const char *name) {
    const std::string key = std::string(file.architecture()) + "." + name;
    if (const GgufValue *value = file.find(key); value != nullptr && value->type == GgufType::array) {
        uint64_t most = 0; // one for each layer
        if (const auto *items = std::get<GgufArray>(value->value).as<int32_t>(); items != nullptr) {
            for (const int32_t item : *items) {
                most = std::max(most, static_cast<uint64_t>(std::max(item, 0)));
            }
        }
        return most;
    }
    return file.get_uint(key).value_or(0);
}

} // namespace

MemoryUsage &MemoryPlan::of(ggml_backend_dev_t device) {
    const auto found = std::find_if(devices.begin(), devices.end(),
                                    [device](const MemoryUsage &usage) { return usage.device == device; });
    if (found != devices.end()) {
        return *found;
    }
    devices.push_back(MemoryUsage{.device = device});
    return devices.back();
}

uint64_t MemoryPlan::total() const {
    uint64_t bytes = 0;
    for (const MemoryUsage &usage : devices) {
        bytes += usage.total();
    }
    return bytes;
}

void MemoryPlan::add(const MemoryPlan &other) {
    for (const MemoryUsage &usage : other.devices) {
        MemoryUsage &mine = of(usage.device);
        mine.weights += usage.weights;
        mine.context += usage.context;
        mine.compute += usage.compute;
        mine.other += usage.other;
    }
    reclaimable += other.reclaimable;
}

std::optional<MemoryPlan> lay_out(common_params params, const GgufFile &file, llama_context_type type,
                                  bool own_weights) {
    // it says the same again when the model is loaded
    const LogFilter silence([](ggml_log_level, std::string_view) { return false; });

    leave_out_vocabulary(params, file);
    llama_model_params model_params = common_model_params_to_llama(params);
    model_params.no_alloc = true;
    model_params.load_mode = LLAMA_LOAD_MODE_NONE;
    model_params.progress_callback = nullptr;
    const llama_model_ptr model(llama_model_load_from_file(params.model.path.c_str(), model_params));
    if (!model) {
        return std::nullopt;
    }
    llama_context_params context_params = common_context_params_to_llama(params);
    context_params.ctx_type = type;
    context_params.cb_eval = nullptr;
    const llama_context_ptr context(llama_init_from_model(model.get(), context_params));
    if (!context) {
        return std::nullopt;
    }

    MemoryPlan plan = empty_plan();
    ggml_backend_buffer_type_t plain = ggml_backend_dev_buffer_type(plan.host().device);
    const bool mapped = maps_file(params, model.get());
    for (const auto &[buffer_type, bytes] : llama_get_memory_breakdown(context.get())) {
        MemoryUsage &usage = plan.of(device_of(buffer_type, plan));
        if (own_weights && !(mapped && buffer_type == plain)) {
            usage.weights += bytes.model;
        }
        usage.context += bytes.context;
        usage.compute += bytes.compute;
    }
    if (own_weights && mapped) {
        add_mapped_weights(plan, model.get(), file, params.load_mode == LLAMA_LOAD_MODE_MMAP_MLOCK);
    }

    const auto n_vocab = static_cast<uint64_t>(llama_vocab_n_tokens(llama_model_get_vocab(model.get())));
    const auto outputs = static_cast<uint64_t>(std::max(params.n_outputs_max, 1));
    const auto sequences = static_cast<uint64_t>(params.n_parallel);
    plan.host().other = outputs * n_vocab * sizeof(float) + sequences * n_vocab * sizeof(llama_token_data) +
                        (own_weights ? tokenizer_factor * file.data_offset : 0);
    return plan;
}

MemoryPlan plan_by_formula(const common_params &params, const GgufFile &file) {
    MemoryPlan plan = empty_plan();
    MemoryUsage &host = plan.host();
    for (const GgufTensor &tensor : file.tensors) {
        host.weights += tensor.size;
    }
    const uint64_t heads = std::max<uint64_t>(number(file, "attention.head_count"), 1);
    const uint64_t heads_kv = std::max<uint64_t>(number(file, "attention.head_count_kv"), 1);
    const uint64_t width = number(file, "embedding_length");
    const uint64_t key_length = std::max(number(file, "attention.key_length"), width / heads);
    const uint64_t value_length = std::max(number(file, "attention.value_length"), width / heads);
    const auto n_ctx = static_cast<uint64_t>(params.n_ctx);
    const auto n_ubatch = static_cast<uint64_t>(params.n_ubatch);
    const auto row = [](ggml_type type, uint64_t items) {
        return items * ggml_type_size(type) / static_cast<uint64_t>(ggml_blck_size(type));
    };
    if (!only_encodes(file)) {
        host.context =
            number(file, "block_count") * n_ctx *
            (row(params.cache_type_k, heads_kv * key_length) + row(params.cache_type_v, heads_kv * value_length));
    }
    // the feed-forward network's two inner activations, the residual stream and the attention's scores
    host.compute = n_ubatch * sizeof(float) * (2 * number(file, "feed_forward_length") + 4 * width) +
                   n_ubatch * n_ctx * sizeof(uint16_t);
    host.other = tokenizer_factor * file.data_offset;
    return plan;
}

} // namespace llmodel
