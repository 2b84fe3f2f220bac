#include "legacy/plan_builder.h"
#include "legacy/plans.h"

#include <string>

namespace llmodel::legacy {

namespace {

constexpr float alibi_of_gpt4all = 8.0F; // whatever a file of its own said

void take_layer(PlanBuilder &builder, std::int64_t width, std::uint32_t layer) {
    const std::string from = "transformer.blocks." + std::to_string(layer) + ".";
    const auto to = [layer](const char *name) { return block_name(layer, name); };
    builder.take(from + "norm_1.weight", to("attn_norm.weight"), width, 0);
    builder.take(from + "attn.Wqkv.weight", to("attn_qkv.weight"), width, 3 * width);
    builder.take(from + "attn.out_proj.weight", to("attn_output.weight"), width, width);
    builder.take(from + "norm_2.weight", to("ffn_norm.weight"), width, 0);
    builder.take(from + "ffn.up_proj.weight", to("ffn_up.weight"), width, 4 * width);
    builder.take(from + "ffn.down_proj.weight", to("ffn_down.weight"), 4 * width, width);
}

} // namespace

Plan plan_mpt(const LegacyFile &file, const TranslationOptions &options) {
    const Hyperparameters &sizes = file.hyperparameters;
    Plan plan;
    plan.architecture = plan.runs_as = "mpt";
    plan.format = file.format;
    plan.version = file.version;
    GgufHeader &header = plan.header;
    header.set("mpt.context_length", options.n_ctx != 0 ? options.n_ctx : sizes.n_ctx);
    header.set("mpt.embedding_length", sizes.n_embd);
    header.set("mpt.block_count", sizes.n_layer);
    header.set("mpt.feed_forward_length", 4 * sizes.n_embd);
    header.set("mpt.attention.head_count", sizes.n_head);
    header.set("mpt.attention.head_count_kv", sizes.n_head);
    header.set("mpt.attention.layer_norm_epsilon", norm_eps);
    const bool is_unstated = file.format == "ggmm" && sizes.alibi_bias_max <= 0;
    header.set("mpt.attention.max_alibi_bias", is_unstated ? alibi_of_gpt4all : sizes.alibi_bias_max);
    if (sizes.clip_qkv > 0) {
        header.set("mpt.attention.clamp_kqv", sizes.clip_qkv);
    }
    header.set("mpt.vocab_size", sizes.n_vocab);

    const Vocabulary vocabulary = mpt_vocabulary(file);
    header.set(vocabulary);
    plan.choices.emplace_back(merges_recovered);
    if (vocabulary.lost > 0) {
        plan.choices.push_back("The file lacks the bytes of " + std::to_string(vocabulary.lost) +
                               " tokens, which are pieces of characters; they are not used.");
    }
    PlanBuilder builder(file.path, file.parts, options);
    builder.take("transformer.wte.weight", "token_embd.weight", sizes.n_embd, sizes.n_vocab);
    builder.take("transformer.norm_f.weight", "output_norm.weight", sizes.n_embd, 0);
    for (std::uint32_t layer = 0; layer < sizes.n_layer; ++layer) {
        take_layer(builder, sizes.n_embd, layer);
    }
    builder.finish(plan, sizes.file_type % 1000);
    return plan;
}

Plan plan_translation(const LegacyFile &file, const TranslationOptions &options) {
    switch (file.architecture) {
    case Architecture::llama:
        return plan_llama(file, options);
    case Architecture::gptj:
        return plan_gptj(file, options);
    case Architecture::mpt:
        break;
    }
    return plan_mpt(file, options);
}

} // namespace llmodel::legacy
