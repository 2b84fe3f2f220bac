#include "open_options.h"

#include "abort_guard.h"
#include "backend.h"
#include "chat.h"
#include "ggml-backend.h"
#include "gguf/gguf_file.h"
#include "gguf/validate_model.h"
#include "machine.h"
#include "speculative.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

// The cache of keys and values grows with the context and is taken when the model is opened: 128 KiB per token for an
// eight-billion-parameter LLaMA, so 1 GiB at this length, where its full 128 Ki tokens would need 16 GiB. All sequences
// share it, and who needs more asks for it.
constexpr uint64_t default_n_ctx = 8192;

// A cancelled request leaves the engine at the end of a batch, so that a batch is no longer than one step of the model.
constexpr int32_t default_n_batch = 512;

// For former prompts that have left their slot. As much again as the cache of a small model, and a small part of what a
// large one takes; llama-server's 8 GiB are for a machine that does nothing else.
constexpr int32_t default_cache_ram_mib = 512;

// Snapshots for models that cannot go back in their state (recurrent, sliding window), tens of MB each.
constexpr int32_t n_ctx_checkpoints = 8;

template<typename T, size_t N> using Names = std::array<std::pair<std::string_view, T>, N>;

/** Reads one object of the options; a value that does not fit its C type is an error that names it. */
class Reader {
  public:
    Reader(const json &object, std::string path) : object_(object), path_(std::move(path)) {}

    bool has(const char *key) const { return object_.contains(key); }
    const json &at(const char *key) const { return object_.at(key); }
    std::string path(const char *key) const { return path_ + "/" + key; }

    template<typename T> void get(const char *key, T &into) const {
        if (!has(key)) {
            return;
        }
        const json &value = at(key);
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
            if (!value.is_number_integer() || !std::in_range<T>(value.get<int64_t>())) {
                fail(key, "must be an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
                              std::to_string(std::numeric_limits<T>::max()));
            }
        }
        into = value.get<T>();
    }

    template<typename T, size_t N> void get(const char *key, T &into, const Names<T, N> &names) const {
        if (!has(key)) {
            return;
        }
        const std::string name = at(key).get<std::string>();
        const auto *found =
            std::find_if(names.begin(), names.end(), [&](const auto &entry) { return entry.first == name; });
        if (found == names.end()) {
            fail(key, "\"" + name + "\" is not known");
        }
        into = found->second;
    }

    [[noreturn]] void fail(const char *key, const std::string &what, json detail = json::object()) const {
        detail["path"] = path(key);
        throw Error(LLMODEL_INVALID_ARGUMENT, "the option " + path(key) + ": " + what, std::move(detail));
    }

  private:
    const json &object_;
    std::string path_;
};

constexpr Names<ggml_type, 9> cache_types{{
    {"f32", GGML_TYPE_F32},
    {"f16", GGML_TYPE_F16},
    {"bf16", GGML_TYPE_BF16},
    {"q8_0", GGML_TYPE_Q8_0},
    {"q5_1", GGML_TYPE_Q5_1},
    {"q5_0", GGML_TYPE_Q5_0},
    {"q4_1", GGML_TYPE_Q4_1},
    {"q4_0", GGML_TYPE_Q4_0},
    {"iq4_nl", GGML_TYPE_IQ4_NL},
}};

constexpr Names<llama_flash_attn_type, 3> flash_attention{{
    {"auto", LLAMA_FLASH_ATTN_TYPE_AUTO},
    {"on", LLAMA_FLASH_ATTN_TYPE_ENABLED},
    {"off", LLAMA_FLASH_ATTN_TYPE_DISABLED},
}};

constexpr Names<llama_split_mode, 4> split_modes{{
    {"none", LLAMA_SPLIT_MODE_NONE},
    {"layer", LLAMA_SPLIT_MODE_LAYER},
    {"row", LLAMA_SPLIT_MODE_ROW},
    {"tensor", LLAMA_SPLIT_MODE_TENSOR},
}};

constexpr Names<enum llama_pooling_type, 5> poolings{{
    {"none", LLAMA_POOLING_TYPE_NONE},
    {"mean", LLAMA_POOLING_TYPE_MEAN},
    {"cls", LLAMA_POOLING_TYPE_CLS},
    {"last", LLAMA_POOLING_TYPE_LAST},
    {"rank", LLAMA_POOLING_TYPE_RANK},
}};

constexpr Names<llama_rope_scaling_type, 4> rope_scalings{{
    {"none", LLAMA_ROPE_SCALING_TYPE_NONE},
    {"linear", LLAMA_ROPE_SCALING_TYPE_LINEAR},
    {"yarn", LLAMA_ROPE_SCALING_TYPE_YARN},
    {"longrope", LLAMA_ROPE_SCALING_TYPE_LONGROPE},
}};

constexpr Names<ggml_sched_priority, 4> priorities{{
    {"low", GGML_SCHED_PRIO_LOW},
    {"normal", GGML_SCHED_PRIO_NORMAL},
    {"medium", GGML_SCHED_PRIO_MEDIUM},
    {"high", GGML_SCHED_PRIO_HIGH},
}};

constexpr Names<common_reasoning_format, 4> reasoning_formats{{
    {"none", COMMON_REASONING_FORMAT_NONE},
    {"auto", COMMON_REASONING_FORMAT_AUTO},
    {"deepseek", COMMON_REASONING_FORMAT_DEEPSEEK},
    {"deepseek-legacy", COMMON_REASONING_FORMAT_DEEPSEEK_LEGACY},
}};

bool is_gpu(ggml_backend_dev_t device) {
    const enum ggml_backend_dev_type type = ggml_backend_dev_type(device);
    return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
}

json device_names() {
    json names = json::array();
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        names.push_back(ggml_backend_dev_name(ggml_backend_dev_get(i)));
    }
    return names;
}

/** The list that llama.cpp takes, which ends with a null; empty where llama.cpp is to choose. Only the null: the CPU.
 */
std::vector<ggml_backend_dev_t> read_devices(const Reader &reader, const char *key) {
    if (!reader.has(key)) {
        return {};
    }
    const json &value = reader.at(key);
    const auto names =
        value.is_array() ? value.get<std::vector<std::string>>() : std::vector<std::string>{value.get<std::string>()};
    if (names == std::vector<std::string>{"auto"}) {
        return {};
    }
    std::vector<ggml_backend_dev_t> devices;
    const auto add = [&devices](ggml_backend_dev_t device) {
        if (std::find(devices.begin(), devices.end(), device) == devices.end()) {
            devices.push_back(device);
        }
    };
    for (const std::string &name : names) {
        if (name == "gpu") {
            for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
                if (is_gpu(ggml_backend_dev_get(i))) {
                    add(ggml_backend_dev_get(i));
                }
            }
            if (devices.empty()) {
                reader.fail(key, "there is no GPU that this library can use; llmodel_devices() tells why",
                            {{"devices", device_names()}});
            }
            continue;
        }
        if (name == "cpu") {
            continue; // it computes whatever no other device does
        }
        ggml_backend_dev_t device = ggml_backend_dev_by_name(name.c_str());
        if (device == nullptr || name == "auto") {
            reader.fail(key, "there is no device \"" + name + "\" here; there are " + device_names().dump(),
                        {{"devices", device_names()}});
        }
        if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_CPU) {
            add(device);
        }
    }
    devices.push_back(nullptr);
    return devices;
}

void read_compute(const Reader &reader, common_params &params) {
    const CpuCounts cpus = cpu_counts();
    int32_t threads = 0;
    int32_t threads_batch = 0;
    reader.get("threads", threads);
    reader.get("threads_batch", threads_batch);
    params.cpuparams.n_threads = threads > 0 ? threads : cpus.threads;
    params.cpuparams_batch.n_threads = threads_batch > 0 ? threads_batch : params.cpuparams.n_threads;
    reader.get("priority", params.cpuparams.priority, priorities);
    params.cpuparams_batch.priority = params.cpuparams.priority;

    params.devices = read_devices(reader, "device");
    reader.get("n_gpu_layers", params.n_gpu_layers);
    if (params.devices.size() == 1) {
        params.n_gpu_layers = 0;
    }
    reader.get("split_mode", params.split_mode, split_modes);
    reader.get("main_gpu", params.main_gpu);
    if (reader.has("tensor_split")) {
        const auto parts = reader.at("tensor_split").get<std::vector<float>>();
        if (parts.size() > llama_max_devices()) {
            reader.fail("tensor_split", "there can be no more than " + std::to_string(llama_max_devices()) + " parts");
        }
        std::copy(parts.begin(), parts.end(), std::begin(params.tensor_split));
    }
    reader.get("flash_attn", params.flash_attn_type, flash_attention);

    bool on = true;
    reader.get("offload_kqv", on);
    params.no_kv_offload = !on;
    on = true;
    reader.get("op_offload", on);
    params.no_op_offload = !on;
    on = true;
    reader.get("repack", on);
    params.no_extra_bufts = !on;

    bool map = true;
    bool lock = false;
    reader.get("mmap", map);
    reader.get("mlock", lock);
    // of its own accord llama.cpp maps the file unless a device cannot read from a mapping
    params.load_mode = lock ? (map ? LLAMA_LOAD_MODE_MMAP_MLOCK : LLAMA_LOAD_MODE_MLOCK)
                            : (map ? LLAMA_LOAD_MODE_AUTO : LLAMA_LOAD_MODE_NONE);
    reader.get("check_tensors", params.check_tensors);
}

void read_context(const Reader &reader, common_params &params) {
    params.n_parallel = 4;
    params.kv_unified = true;
    params.n_batch = default_n_batch;
    params.n_ubatch = default_n_batch;
    params.cache_ram_mib = default_cache_ram_mib;
    params.cache_idle_slots = false; // what a slot remembers can be saved, and is purged when its room is needed
    params.n_ctx_checkpoints = n_ctx_checkpoints;

    reader.get("n_ctx", params.n_ctx);
    reader.get("n_batch", params.n_batch);
    reader.get("n_ubatch", params.n_ubatch);
    reader.get("n_parallel", params.n_parallel);
    // each sequence that generates has a token in the batch
    params.n_batch = std::max(params.n_batch, params.n_parallel);
    params.n_ubatch = std::clamp(params.n_ubatch, params.n_parallel, params.n_batch);
    reader.get("kv_unified", params.kv_unified);
    reader.get("cache_type_k", params.cache_type_k, cache_types);
    reader.get("cache_type_v", params.cache_type_v, cache_types);
    if (ggml_is_quantized(params.cache_type_v) && params.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_DISABLED) {
        reader.fail("cache_type_v", "a quantised type needs flash attention, which flash_attn switches off");
    }
    reader.get("swa_full", params.swa_full);
    reader.get("context_shift", params.ctx_shift);
    reader.get("n_keep", params.n_keep);
    reader.get("cache_ram_mib", params.cache_ram_mib);
    reader.get("n_cache_reuse", params.n_cache_reuse);
    reader.get("pooling", params.pooling_type, poolings);
    reader.get("rope_freq_base", params.rope_freq_base);
    reader.get("rope_freq_scale", params.rope_freq_scale);
    reader.get("rope_scaling", params.rope_scaling_type, rope_scalings);
    reader.get("yarn_orig_ctx", params.yarn_orig_ctx);
    reader.get("yarn_ext_factor", params.yarn_ext_factor);
    reader.get("yarn_attn_factor", params.yarn_attn_factor);
    reader.get("yarn_beta_fast", params.yarn_beta_fast);
    reader.get("yarn_beta_slow", params.yarn_beta_slow);
}

void read_chat(const Reader &reader, common_params &params) {
    params.use_jinja = true;
    reader.get("chat_template", params.chat_template);
    if (reader.has("chat_template_kwargs")) {
        for (const auto &[name, value] : reader.at("chat_template_kwargs").items()) {
            params.default_template_kwargs[name] = value.dump();
        }
    }
    reader.get("reasoning_format", params.reasoning_format, reasoning_formats);
    reader.get("spm_infill", params.spm_infill);
}

void read_adapters(const Reader &reader, common_params &params, const GgufFile &model) {
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

void read_draft(const Reader &outer, common_params &params, const GgufFile &model) {
    if (!outer.has("draft")) {
        return;
    }
    const Reader reader(outer.at("draft"), outer.path("draft"));
    common_params_speculative_draft &draft = params.speculative.draft;
    reader.get("path", draft.mparams.path);
    const GgufFile draft_model = read_gguf(draft.mparams.path);
    validate_model(draft_model);
    const auto tokenizer_of = [](const GgufFile &file) {
        return std::string(file.get_string("tokenizer.ggml.model").value_or("none"));
    };
    if (tokenizer_of(draft_model) != tokenizer_of(model)) {
        reader.fail("path", "a draft needs the model's own vocabulary, but " + draft.mparams.path +
                                " has one of kind " + tokenizer_of(draft_model) + ", the model one of kind " +
                                tokenizer_of(model));
    }

    reader.get("n_max", draft.n_max);
    reader.get("n_min", draft.n_min);
    if (draft.n_min > draft.n_max) {
        reader.fail("n_min", "must not be over n_max, which is " + std::to_string(draft.n_max));
    }
    reader.get("p_min", draft.p_min);
    draft.devices = read_devices(reader, "device");
    reader.get("n_gpu_layers", draft.n_gpu_layers);
    if (draft.devices.size() == 1) {
        draft.n_gpu_layers = 0;
    }
    reader.get("cache_type_k", draft.cache_type_k, cache_types);
    reader.get("cache_type_v", draft.cache_type_v, cache_types);

    // heads that were trained for one model say in their file how they are run
    params.speculative.types = common_speculative_types_from_gguf(draft.mparams.path);
    if (params.speculative.types.empty()) {
        params.speculative.types = {COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE};
    }
}

void read_speculative(const Reader &outer, common_params &params, const GgufFile &model) {
    read_draft(outer, params, model);
    if (!outer.has("speculative")) {
        return;
    }
    const Reader reader(outer.at("speculative"), outer.path("speculative"));
    common_params_speculative &speculative = params.speculative;
    const std::string name = reader.at("type").get<std::string>();
    const common_speculative_type type = common_speculative_type_from_name(name);
    if (type == COMMON_SPECULATIVE_TYPE_COUNT) {
        reader.fail("type", "\"" + name + "\" is not known");
    }
    if (type == COMMON_SPECULATIVE_TYPE_NONE) {
        return;
    }
    if (speculative.types == std::vector{COMMON_SPECULATIVE_TYPE_NONE}) {
        speculative.types.clear();
    }
    speculative.types.push_back(type);

    for (common_params_speculative_ngram_map *map :
         {&speculative.ngram_simple, &speculative.ngram_map_k, &speculative.ngram_map_k4v}) {
        reader.get("ngram_size_n", map->size_n);
        reader.get("ngram_size_m", map->size_m);
        reader.get("ngram_min_hits", map->min_hits);
    }
    reader.get("ngram_size_n", speculative.ngram_mod.n_match);
    reader.get("n_max", speculative.ngram_mod.n_max);
    reader.get("n_min", speculative.ngram_mod.n_min);
    if (!reader.has("n_min")) {
        speculative.ngram_mod.n_min = std::min(speculative.ngram_mod.n_min, speculative.ngram_mod.n_max);
    } else if (speculative.ngram_mod.n_min > speculative.ngram_mod.n_max) {
        reader.fail("n_min", "must not be over n_max, which is " + std::to_string(speculative.ngram_mod.n_max));
    }
    if (type == COMMON_SPECULATIVE_TYPE_DRAFT_MTP && !outer.has("draft")) {
        reader.get("n_max", speculative.draft.n_max);
    }
}

} // namespace

OpenOptions parse_open_options(const std::filesystem::path &path, const json &options) {
    ensure_backend();
    const AbortGuard guard;
    const GgufFile model = read_gguf(path);
    const Reader reader(options, "");

    OpenOptions result;
    result.given = options;
    common_params &params = result.params;
    params.model.path = path.string();
    params.fit_params = false; // what was asked for, or an error, but never something else
    params.warmup = false;
    reader.get("warmup", params.warmup);
    read_compute(reader, params);
    read_context(reader, params);
    read_chat(reader, params);
    read_adapters(reader, params, model);
    read_speculative(reader, params, model);
    if (params.n_ctx == 0) {
        const auto trained = model.get_uint(std::string(model.architecture()) + ".context_length");
        params.n_ctx = static_cast<int32_t>(std::min(trained.value_or(default_n_ctx), default_n_ctx));
    }
    if (reader.has("memory_budget")) {
        result.memory_budget = reader.at("memory_budget").get<uint64_t>();
    }
    return result;
}

} // namespace llmodel
