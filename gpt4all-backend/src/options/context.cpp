#include "options/parts.h"

#include <algorithm>
#include <string>

namespace llmodel::options {

namespace {

// The cache of keys and values grows with the context and is taken when the model is opened: 128 KiB per token for an
// eight-billion-parameter LLaMA, so 1 GiB at this length, where its full 128 Ki tokens would need 16 GiB. All sequences
// share it, and whoever needs more asks for it.
constexpr uint64_t default_n_ctx = 8192;

// A cancelled request leaves the engine at the end of a batch, so that a batch is no longer than one step of the model.
constexpr int32_t default_n_batch = 512;

// For earlier prompts that have left their slot. As much again as the cache of a small model, and a small part of what
// a large one takes; llama-server's 8 GiB are for a machine that does nothing else.
constexpr int32_t default_cache_ram_mib = 512;

// Snapshots for models that cannot go back in their state (recurrent, sliding window), tens of MB each.
constexpr int32_t n_ctx_checkpoints = 8;

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

/** The method of scaling that the model gets: of the options, or of its file. */
llama_rope_scaling_type scaling_of(const common_params &params, const GgufFile &model) {
    if (params.rope_scaling_type != LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED) {
        return params.rope_scaling_type;
    }
    const auto own = model.get_string(std::string(model.architecture()) + ".rope.scaling.type").value_or("linear");
    const auto named =
        std::ranges::find(rope_scalings, own, &std::pair<std::string_view, llama_rope_scaling_type>::first);
    return named == rope_scalings.end() ? LLAMA_ROPE_SCALING_TYPE_LINEAR : named->second;
}

/** How many tokens the RoPE options make the model reach: as many as are asked for where nothing says how far they take
 *  it. 0 where they do not extend it. */
int32_t extended_context(const common_params &params, const GgufFile &model) {
    const std::string architecture(model.architecture());
    if (model.find_tensor("position_embd.weight") != nullptr) { // a table, which options cannot lengthen
        return 0;
    }
    if (params.rope_freq_base > 0) {
        return params.n_ctx;
    }
    const llama_rope_scaling_type scaling = scaling_of(params, model);
    if (params.rope_freq_scale <= 0 || scaling == LLAMA_ROPE_SCALING_TYPE_NONE) {
        return 0;
    }
    const auto trained = static_cast<double>(model.get_uint(architecture + ".context_length").value_or(0));
    const double factor = model.get_float(architecture + ".rope.scaling.factor").value_or(1.0); // it was trained with
    double original = factor > 0 ? trained / factor : trained;
    if (scaling == LLAMA_ROPE_SCALING_TYPE_YARN) {
        const auto own = model.get_uint(architecture + ".rope.scaling.original_context_length");
        original = own ? static_cast<double>(*own) : trained;
        original = params.yarn_orig_ctx > 0 ? params.yarn_orig_ctx : original;
    }
    constexpr double max_context = 1 << 24;
    return static_cast<int32_t>(std::min(original / static_cast<double>(params.rope_freq_scale), max_context));
}

} // namespace

void read_cache_type(const OptionReader &reader, const char *key, ggml_type &into) {
    reader.get(key, into, cache_types);
}

void read_context(const OptionReader &reader, common_params &params, const GgufFile &model) {
    params.n_parallel = 4;
    params.kv_unified = true;
    params.n_batch = default_n_batch;
    params.n_ubatch = default_n_batch;
    params.cache_ram_mib = default_cache_ram_mib;
    params.cache_idle_slots = false; // what a slot remembers can be saved, and is purged when its room is needed
    params.n_ctx_checkpoints = n_ctx_checkpoints;

    reader.get("n_ctx", params.n_ctx);
    if (params.n_ctx == 0) {
        const auto trained = model.get_uint(std::string(model.architecture()) + ".context_length");
        params.n_ctx = static_cast<int32_t>(std::min(trained.value_or(default_n_ctx), default_n_ctx));
    }
    reader.get("n_batch", params.n_batch);
    reader.get("n_ubatch", params.n_ubatch);
    reader.get("n_parallel", params.n_parallel);
    // each sequence that generates has a token in the batch
    params.n_batch = std::max(params.n_batch, params.n_parallel);
    params.n_ubatch = std::clamp(params.n_ubatch, params.n_parallel, params.n_batch);
    reader.get("kv_unified", params.kv_unified);
    read_cache_type(reader, "cache_type_k", params.cache_type_k);
    read_cache_type(reader, "cache_type_v", params.cache_type_v);
    if (ggml_is_quantized(params.cache_type_v) && params.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_DISABLED) {
        reader.fail("cache_type_v", "a quantised type needs flash attention, which flash_attn turns off");
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
    if (params.rope_freq_scale > 0 && scaling_of(params, model) == LLAMA_ROPE_SCALING_TYPE_NONE &&
        !reader.has("rope_scaling")) {
        params.rope_scaling_type = LLAMA_ROPE_SCALING_TYPE_LINEAR; // the factor would be ignored
    }
    params.n_ctx_extended = extended_context(params, model);
}

} // namespace llmodel::options
