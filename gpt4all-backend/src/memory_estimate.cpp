#include "abort_guard.h"
#include "backend.h"
#include "ggml-backend.h"
#include "inspect.h"
#include "llama-ext.h"   // what a context takes of which memory
#include "llama-model.h" // which memory each tensor is in
#include "llama.h"
#include "logging.h"
#include "machine.h"
#include "speculative.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace llmodel {

namespace {

// Bytes of memory per byte of metadata that llama.cpp's tokenizer takes: 7 to 9.5, measured over vocabularies of 30,000
// to 256,000 tokens. The metadata is nearly all vocabulary.
constexpr uint64_t tokenizer_factor = 8;

// Threads, their stacks and llama-common's own structures.
constexpr uint64_t engine_bytes = uint64_t{4} << 20;

struct Usage {
    ggml_backend_dev_t device = nullptr;
    uint64_t weights = 0;
    uint64_t context = 0;
    uint64_t compute = 0;
    uint64_t other = 0;

    uint64_t total() const { return weights + context + compute + other; }
};

/** What one model with its context takes; the first is the host. */
struct Plan {
    std::vector<Usage> devices;
    uint64_t reclaimable = 0; // of the host's weights

    Usage &of(ggml_backend_dev_t device) {
        const auto found = std::find_if(devices.begin(), devices.end(),
                                        [device](const Usage &usage) { return usage.device == device; });
        if (found != devices.end()) {
            return *found;
        }
        devices.push_back(Usage{.device = device});
        return devices.back();
    }

    Usage &host() { return devices.front(); }

    void add(const Plan &other) {
        for (const Usage &usage : other.devices) {
            Usage &mine = of(usage.device);
            mine.weights += usage.weights;
            mine.context += usage.context;
            mine.compute += usage.compute;
            mine.other += usage.other;
        }
        reclaimable += other.reclaimable;
    }
};

Plan empty_plan() {
    Plan plan;
    plan.devices.push_back(Usage{.device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU)});
    return plan;
}

/** Memory of the host counts for the CPU, whichever device it is pinned for. */
ggml_backend_dev_t device_of(ggml_backend_buffer_type_t type, const Plan &plan) {
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
void add_mapped_weights(Plan &plan, const llama_model *model, const GgufFile &file, bool locked) {
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

/** Lets llama.cpp lay out the model and its context without taking the memory. Nothing if it can't. */
std::optional<Plan> dry_run(common_params params, const GgufFile &file, llama_context_type type, bool own_weights) {
    // it tells the same again when the model is loaded
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

    Plan plan = empty_plan();
    ggml_backend_buffer_type_t plain = ggml_backend_dev_buffer_type(plan.host().device);
    const bool mapped = maps_file(params, model.get());
    for (const auto &[buffer_type, bytes] : llama_get_memory_breakdown(context.get())) {
        Usage &usage = plan.of(device_of(buffer_type, plan));
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

/** By the formulas for a transformer, all on the host: for what this llama.cpp cannot lay out. */
Plan by_formula(const common_params &params, const GgufFile &file) {
    Plan plan = empty_plan();
    Usage &host = plan.host();
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

uint64_t lora_bytes(const common_params &params) {
    uint64_t bytes = 0;
    for (const common_adapter_lora_info &adapter : params.lora_adapters) {
        for (const GgufTensor &tensor : read_gguf(adapter.path).tensors) {
            bytes += tensor.size;
        }
    }
    return bytes;
}

/** As the engine, or the context for embeddings, will ask for it. */
common_params engine_params(const common_params &given, bool encodes) {
    common_params params = given;
    if (encodes) {
        params.embedding = true;
        params.n_batch = params.n_ubatch = params.n_ctx;
        params.n_outputs_max = params.n_ctx;
        return params;
    }
    const auto limits = common_speculative_get_output_limits(params.n_batch, params.n_parallel,
                                                             common_speculative_n_max(&params.speculative));
    params.n_outputs_max = std::max(1, limits.total);
    params.n_outputs_max_per_seq = std::max(1, limits.per_seq);
    return params;
}

std::optional<Plan> plan_with_draft(const common_params &params, const GgufFile &file) {
    std::optional<Plan> plan = dry_run(params, file, LLAMA_CONTEXT_TYPE_DEFAULT, true);
    const auto &types = params.speculative.types;
    const bool heads = std::find(types.begin(), types.end(), COMMON_SPECULATIVE_TYPE_DRAFT_MTP) != types.end();
    if (!plan || !(params.speculative.has_dft() || heads)) {
        return plan;
    }
    common_params draft = common_base_params_to_speculative(params);
    draft.speculative.types = {COMMON_SPECULATIVE_TYPE_NONE};
    const GgufFile draft_file = read_gguf(draft.model.path);
    const auto type = heads ? LLAMA_CONTEXT_TYPE_MTP : LLAMA_CONTEXT_TYPE_DEFAULT;
    if (auto drafts = dry_run(draft, draft_file, type, params.speculative.has_dft())) {
        plan->add(*drafts);
    } else {
        plan->add(by_formula(draft, draft_file));
    }
    return plan;
}

uint64_t free_bytes(ggml_backend_dev_t device, const HostMemory &host) {
    if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU) {
        return host.available;
    }
    size_t free = 0;
    size_t total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    return total == 0 ? host.available : free;
}

/** The longest context that fits into what is free of a device, if a shorter one helps at all. */
std::optional<uint64_t> fitting_n_ctx(const json &usage, uint64_t n_ctx, uint64_t needed, uint64_t available) {
    const uint64_t context = usage.at("context").get<uint64_t>();
    if (n_ctx == 0 || context < n_ctx || needed - context > available) {
        return std::nullopt;
    }
    const uint64_t fitting = (available - (needed - context)) / (context / n_ctx) / 256 * 256;
    return fitting >= 256 && fitting < n_ctx ? std::optional(fitting) : std::nullopt;
}

[[noreturn]] void refuse(const OpenOptions &options, const json &estimate, const json &usage, uint64_t needed,
                         uint64_t available, const std::string &limit) {
    const uint64_t n_ctx = estimate.value("n_ctx", uint64_t{0});
    json detail{{"needed", needed}, {"available", available}, {"estimate", estimate}};
    std::string advice;
    if (const auto fitting = fitting_n_ctx(usage, n_ctx, needed, available)) {
        detail["n_ctx"] = *fitting;
        advice = "open it with an n_ctx of " + std::to_string(*fitting) + " or less (it is " + std::to_string(n_ctx) +
                 "), or take a smaller quantisation";
    } else {
        advice = "take a smaller quantisation or a smaller model, or close other programs";
    }
    throw Error(LLMODEL_OUT_OF_MEMORY,
                options.params.model.path + " needs " + human_bytes(needed) + ", but " + limit + " " +
                    human_bytes(available) + "; " + advice,
                std::move(detail));
}

} // namespace

json estimate_memory(const OpenOptions &options, const GgufFile &model) {
    ensure_backend();
    const AbortGuard guard;
    const common_params params = engine_params(options.params, only_encodes(model));

    std::optional<Plan> laid_out;
    try {
        laid_out = plan_with_draft(params, model);
    } catch (const std::exception &error) {
        log_message(LLMODEL_LOG_WARN, "memory is estimated by formula: " + std::string(error.what()));
    }
    Plan plan = laid_out ? *laid_out : by_formula(params, model);
    plan.host().weights += lora_bytes(params);
    plan.host().other += engine_bytes;

    json devices = json::array();
    uint64_t total = 0;
    for (const Usage &usage : plan.devices) {
        devices.push_back({{"name", ggml_backend_dev_name(usage.device)},
                           {"weights", usage.weights},
                           {"context", usage.context},
                           {"compute", usage.compute},
                           {"other", usage.other},
                           {"total", usage.total()}});
        total += usage.total();
    }
    json estimate{{"devices", std::move(devices)},
                  {"total", total},
                  {"reclaimable", plan.reclaimable},
                  {"n_ctx", params.n_ctx},
                  {"exact", laid_out.has_value()}};
    if (params.cache_ram_mib >= 0) {
        estimate["prompt_cache_max"] = static_cast<uint64_t>(params.cache_ram_mib) << 20;
    }
    update_free_memory(estimate);
    return estimate;
}

void update_free_memory(json &estimate) {
    const HostMemory host = host_memory();
    for (json &usage : estimate.at("devices")) {
        usage["free"] =
            free_bytes(ggml_backend_dev_by_name(usage.at("name").get_ref<const std::string &>().c_str()), host);
    }
}

void check_memory_budget(const OpenOptions &options, const json &estimate) {
    const json &devices = estimate.at("devices");
    if (options.memory_budget) {
        const uint64_t total = estimate.at("total").get<uint64_t>();
        if (*options.memory_budget != 0 && total > *options.memory_budget) {
            refuse(options, estimate, devices.front(), total, *options.memory_budget, "the memory_budget is");
        }
        return;
    }
    uint64_t reclaimable = estimate.at("reclaimable").get<uint64_t>(); // the host, which comes first
    for (const json &usage : devices) {
        const uint64_t needed = usage.at("total").get<uint64_t>() - reclaimable;
        const uint64_t available = usage.at("free").get<uint64_t>();
        if (needed > available) {
            refuse(options, estimate, usage, needed, available,
                   "the free memory of " + usage.at("name").get<std::string>() + " is");
        }
        reclaimable = 0;
    }
}

} // namespace llmodel
