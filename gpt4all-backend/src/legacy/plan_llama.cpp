#include "legacy/plan_builder.h"
#include "legacy/plans.h"

#include <string>

namespace llmodel::legacy {

namespace {

constexpr float default_eps = 1e-6F; // of every llama.cpp until July 2023
constexpr float llama_2_eps = 1e-5F;
constexpr float default_rope_base = 10000.0F;

void take_tensors(PlanBuilder &builder, const Hyperparameters &sizes, std::int64_t n_ff, std::int64_t n_kv) {
    const std::int64_t width = sizes.n_embd;
    const Taking rows{.split = Split::rows};
    const Taking columns{.split = Split::columns};
    builder.take("tok_embeddings.weight", "token_embd.weight", width, sizes.n_vocab, columns);
    builder.take("norm.weight", "output_norm.weight", width, 0);
    builder.take("output.weight", "output.weight", width, sizes.n_vocab, rows);
    for (std::uint32_t layer = 0; layer < sizes.n_layer; ++layer) {
        const std::string from = "layers." + std::to_string(layer) + ".";
        const auto to = [layer](const char *name) { return block_name(layer, name); };
        builder.take(from + "attention_norm.weight", to("attn_norm.weight"), width, 0);
        builder.take(from + "attention.wq.weight", to("attn_q.weight"), width, width, rows);
        builder.take(from + "attention.wk.weight", to("attn_k.weight"), width, n_kv, rows);
        builder.take(from + "attention.wv.weight", to("attn_v.weight"), width, n_kv, rows);
        builder.take(from + "attention.wo.weight", to("attn_output.weight"), width, width, columns);
        builder.take(from + "ffn_norm.weight", to("ffn_norm.weight"), width, 0);
        builder.take(from + "feed_forward.w1.weight", to("ffn_gate.weight"), width, n_ff, rows);
        builder.take(from + "feed_forward.w2.weight", to("ffn_down.weight"), n_ff, width, columns);
        builder.take(from + "feed_forward.w3.weight", to("ffn_up.weight"), width, n_ff, rows);
    }
}

void describe_choices(const LegacyFile &file, const TranslationOptions &options, float eps, Plan &plan) {
    char text[96];
    std::snprintf(text, sizeof text, "The epsilon of the norms, which the file does not say, is %g.",
                  static_cast<double>(eps));
    plan.choices.emplace_back(text);
    plan.choices.push_back("The context length, which the file does not say, is " +
                           std::to_string(options.n_ctx != 0 ? options.n_ctx : file.hyperparameters.n_ctx) +
                           " tokens.");
    plan.choices.emplace_back(options.add_space_prefix
                                  ? "Text is tokenised with a space before it, as the model was trained."
                                  : "Text is tokenised without a space before it, as llama.cpp did in 2023.");
    if (!file.has_scores) {
        plan.choices.emplace_back("Tokens have scores by their order, since the file has none.");
    }
    if (file.lacks_last_token) {
        plan.choices.emplace_back("The last token, which the file lacks, is <pad>.");
    }
}

} // namespace

Plan plan_llama(const LegacyFile &file, const TranslationOptions &options) {
    const Hyperparameters &sizes = file.hyperparameters;
    Plan plan;
    plan.architecture = plan.runs_as = "llama";
    PlanBuilder builder(file.path, file.parts, options);

    const auto parts = static_cast<std::int64_t>(file.parts.size());
    const std::int64_t n_ff = builder.need("layers.0.feed_forward.w1.weight").ne1 * parts;
    const Tensor &keys = builder.need("layers.0.attention.wk.weight");
    const std::int64_t n_kv = keys.ne1 * parts; // fewer than n_embd where heads share keys, as in LLaMA 2 70B
    const std::int64_t head_size = sizes.n_embd / sizes.n_head;
    if (n_kv % head_size != 0 || sizes.n_head % (n_kv / head_size) != 0) {
        builder.fail(keys, "it has " + std::to_string(n_kv) + " rows, which is not a whole number of heads of " +
                               std::to_string(head_size));
    }
    const bool is_llama_2 = n_kv != sizes.n_embd;
    const float eps = options.rms_norm_eps > 0 ? options.rms_norm_eps : is_llama_2 ? llama_2_eps : default_eps;
    describe_choices(file, options, eps, plan);

    GgufHeader &header = plan.header;
    header.set("llama.context_length", options.n_ctx != 0 ? options.n_ctx : sizes.n_ctx);
    header.set("llama.embedding_length", sizes.n_embd);
    header.set("llama.block_count", sizes.n_layer);
    header.set("llama.feed_forward_length", static_cast<std::uint32_t>(n_ff));
    header.set("llama.attention.head_count", sizes.n_head);
    header.set("llama.attention.head_count_kv", static_cast<std::uint32_t>(n_kv / head_size));
    header.set("llama.attention.layer_norm_rms_epsilon", eps);
    header.set("llama.rope.dimension_count", sizes.n_rot);
    header.set("llama.rope.freq_base", options.rope_freq_base > 0 ? options.rope_freq_base : default_rope_base);
    header.set("llama.vocab_size", sizes.n_vocab);
    header.set(llama_vocabulary(file));
    header.set("tokenizer.ggml.add_space_prefix", options.add_space_prefix);

    take_tensors(builder, sizes, n_ff, n_kv);
    plan.format = file.format;
    plan.version = file.version;
    builder.finish(plan, sizes.file_type % 1000);
    return plan;
}

} // namespace llmodel::legacy
