#include "memory/estimate.h"

#include "backends/backend.h"
#include "backends/workers.h"
#include "files/inspect.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"
#include "memory/plan.h"
#include "platform/machine.h"
#include "speculative.h"

#include <algorithm>
#include <exception>
#include <optional>

namespace llmodel {

namespace {

// Threads, their stacks and llama-common's own structures.
constexpr uint64_t engine_bytes = uint64_t{4} << 20;

// llama.cpp's table of n-grams, whatever their size.
constexpr uint64_t ngram_mod_bytes = uint64_t{16} << 20;

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

bool speculates(const common_params &params, common_speculative_type type) {
    const auto &types = params.speculative.types;
    return std::find(types.begin(), types.end(), type) != types.end();
}

std::optional<MemoryPlan> plan_with_draft(const common_params &params, const GgufFile &file) {
    std::optional<MemoryPlan> plan = lay_out(params, file, LLAMA_CONTEXT_TYPE_DEFAULT, true);
    const bool heads = speculates(params, COMMON_SPECULATIVE_TYPE_DRAFT_MTP);
    if (!plan || !(params.speculative.has_dft() || heads)) {
        return plan;
    }
    common_params draft = common_base_params_to_speculative(params);
    draft.speculative.types = {COMMON_SPECULATIVE_TYPE_NONE};
    const GgufFile draft_file = read_gguf(draft.model.path);
    const auto type = heads ? LLAMA_CONTEXT_TYPE_MTP : LLAMA_CONTEXT_TYPE_DEFAULT;
    if (auto drafts = lay_out(draft, draft_file, type, params.speculative.has_dft())) {
        plan->add(*drafts);
    } else {
        plan->add(plan_by_formula(draft, draft_file));
    }
    return plan;
}

/** As if no more than one sequence had a draft to check. Room for the probabilities of all drafts of all sequences is
 *  taken on devices at once, but on the host only as it comes to be used. */
common_params with_one_draft(common_params params) {
    params.n_outputs_max = std::min(params.n_outputs_max, params.n_outputs_max_per_seq + params.n_parallel - 1);
    return params;
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

} // namespace

json estimate_memory(const OpenOptions &options, const GgufFile &model) {
    ensure_backend();
    const AbortGuard guard;
    const common_params params = engine_params(options.params, only_encodes(model));

    std::optional<MemoryPlan> laid_out;
    uint64_t drafts_max = 0;
    try {
        laid_out = plan_with_draft(params, model);
        const common_params modest = with_one_draft(params);
        if (laid_out && laid_out->devices.size() == 1 && modest.n_outputs_max < params.n_outputs_max) {
            const uint64_t most = laid_out->total();
            laid_out = plan_with_draft(modest, model);
            drafts_max = laid_out ? most - laid_out->total() : 0;
        }
    } catch (const std::exception &error) {
        log_message(LLMODEL_LOG_WARN, "memory is estimated by formula: " + std::string(error.what()));
    }
    MemoryPlan plan = laid_out ? *laid_out : plan_by_formula(params, model);
    plan.host().weights += lora_bytes(params);
    plan.host().other += engine_bytes;
    if (speculates(params, COMMON_SPECULATIVE_TYPE_NGRAM_MOD)) {
        plan.host().other += ngram_mod_bytes;
    }

    json devices = json::array();
    for (const MemoryUsage &usage : plan.devices) {
        devices.push_back({{"name", device_label(usage.device)},
                           {"weights", usage.weights},
                           {"context", usage.context},
                           {"compute", usage.compute},
                           {"other", usage.other},
                           {"total", usage.total()}});
        if (is_remote(usage.device)) {
            devices.back()["worker"] = true;
        }
    }
    json estimate{{"devices", std::move(devices)},
                  {"total", plan.total()},
                  {"reclaimable", plan.reclaimable},
                  {"n_ctx", params.n_ctx},
                  {"exact", laid_out.has_value()}};
    if (params.cache_ram_mib >= 0) {
        estimate["prompt_cache_max"] = static_cast<uint64_t>(params.cache_ram_mib) << 20;
    }
    if (drafts_max > 0) {
        estimate["drafts_max"] = drafts_max;
    }
    update_free_memory(estimate);
    return estimate;
}

void update_free_memory(json &estimate) {
    const HostMemory host = host_memory();
    for (json &usage : estimate.at("devices")) {
        usage["free"] = free_bytes(find_device(usage.at("name").get<std::string>()), host);
    }
}

} // namespace llmodel
