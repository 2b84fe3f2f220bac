#include "options/open_options.h"

#include "backends/backend.h"
#include "files/cache_folder.h"
#include "files/inspect.h"
#include "gguf/validate_model.h"
#include "kernels/products/format.h"
#include "llama/abort_guard.h"
#include "operations/check_request.h"
#include "options/parts.h"

#include <utility>

namespace llmodel {

namespace {

constexpr Names<common_reasoning_format, 4> reasoning_formats{{
    {"none", COMMON_REASONING_FORMAT_NONE},
    {"auto", COMMON_REASONING_FORMAT_AUTO},
    {"deepseek", COMMON_REASONING_FORMAT_DEEPSEEK},
    {"deepseek-legacy", COMMON_REASONING_FORMAT_DEEPSEEK_LEGACY},
}};

/** A template by its name, or for a model without any, as the one that llama.cpp is given. */
void name_template(OpenOptions &options, const GgufFile &model) {
    std::string &source = options.params.chat_template;
    if (is_jinja(source) || (source.empty() && (has_chat_template(model) || only_encodes(model)))) {
        return;
    }
    options.chat_template = source.empty() ? &default_chat_template(model) : &chat_template_named(source);
    source = options.chat_template->source;
}

void read_chat(const OptionReader &reader, common_params &params) {
    params.use_jinja = true;
    params.prefill_assistant = false; // what continue_final_message asks for, and never unasked
    reader.get("chat_template", params.chat_template);
    if (reader.has("chat_template_kwargs")) {
        check_template_variables({{"chat_template_kwargs", reader.at("chat_template_kwargs")}}, "options");
        for (const auto &[name, value] : reader.at("chat_template_kwargs").items()) {
            params.default_template_kwargs[name] = value.dump();
        }
    }
    reader.get("reasoning_format", params.reasoning_format, reasoning_formats);
    reader.get("spm_infill", params.spm_infill);
}

void read_adapters(const OptionReader &reader, common_params &params, const GgufFile &model) {
    if (!reader.has("lora")) {
        return;
    }
    for (const json &entry : reader.at("lora")) {
        common_adapter_lora_info adapter;
        adapter.path = entry.at("path").get<std::string>();
        adapter.scale = entry.value("scale", 1.0F);
        validate_adapter(read_gguf(adapter.path), model);
        params.lora_adapters.push_back(std::move(adapter));
    }
}

constexpr int32_t default_cache_disk_mib = 16384;

/** Whether nearly all weights are of types that the processor's kernels lay out. */
bool is_laid_out(const GgufFile &model) {
    constexpr double nearly_all = 0.9;
    uint64_t all = 0;
    uint64_t laid_out = 0;
    for (const GgufTensor &tensor : model.tensors) {
        all += tensor.size;
        laid_out += kernels::products::format_of(tensor.type) != nullptr ? tensor.size : 0;
    }
    return static_cast<double>(laid_out) > nearly_all * static_cast<double>(all);
}

std::shared_ptr<panels::PanelCache> read_panels(const OptionReader &reader, const common_params &params,
                                                const GgufFile &model) {
    std::string cache_dir;
    int32_t limit_mib = default_cache_disk_mib;
    reader.get("cache_dir", cache_dir);
    reader.get("cache_disk_mib", limit_mib);
    // weights that are locked in memory, or files that are not to be mapped, are not mapped from elsewhere either
    if (limit_mib == 0 || params.no_extra_bufts || params.load_mode != LLAMA_LOAD_MODE_AUTO) {
        return nullptr;
    }
    std::optional<uint64_t> limit;
    if (limit_mib > 0) {
        limit = static_cast<uint64_t>(limit_mib) << 20;
    }
    return std::make_shared<panels::PanelCache>(cache_folder(cache_dir) / "panels", limit, is_laid_out(model));
}

} // namespace

OpenOptions parse_open_options(const GgufFile &model, const json &options) {
    ensure_backend();
    const AbortGuard guard;
    const OptionReader reader(options, "");

    OpenOptions result;
    common_params &params = result.params;
    params.model.path = model.path;
    params.fit_params = false; // what was asked for, or an error, but never something else
    params.warmup = false;
    reader.get("warmup", params.warmup);
    reader.get("adaptive_threads", result.adaptive_threads);
    result.workers = options::read_compute(reader, params);
    result.panels = read_panels(reader, params, model);
    options::read_context(reader, params, model);
    read_chat(reader, params);
    name_template(result, model);
    params.sampling.user_sampling_config = ~uint64_t{0}; // or llama.cpp takes the file's word by itself, unchecked
    result.sampling = SamplingDefaults(model, options);
    read_adapters(reader, params, model);
    options::read_speculative(reader, params, model);
    if (reader.has("memory_budget")) {
        result.memory_budget = reader.at("memory_budget").get<uint64_t>();
    }
    return result;
}

} // namespace llmodel
