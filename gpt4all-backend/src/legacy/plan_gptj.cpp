// GPT-J runs as llama.cpp's phi2, which computes the same: attention and feed-forward side by side after one norm,
// GELU, biases, and a rotation of each head's first components. phi2 also has biases for queries, keys, values and the
// output of attention, which become zero, and rotates halves of a head where GPT-J rotates pairs, so the rows of
// queries and keys change places. Rows move as they are: nothing is lost, whatever their type.

#include "legacy/byte_pairs.h"
#include "legacy/plan_builder.h"
#include "legacy/plans.h"

#include <string>
#include <tuple>
#include <utility>

namespace llmodel::legacy {

namespace {

/** The names of a layer's tensors after its prefix, by what phi2 calls them. */
struct LayerNames {
    std::string norm, query, key, value, output, up, down;
};

struct Names {
    std::string embeddings, norm, head;
    std::string (*layer)(std::uint32_t number);
    LayerNames in_layer;
};

const Names ggml_names{
    "transformer.wte",
    "transformer.ln_f",
    "lm_head",
    [](std::uint32_t number) { return "transformer.h." + std::to_string(number) + "."; },
    {"ln_1", "attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.out_proj", "mlp.fc_in", "mlp.fc_out"}};

const Names gguf_names{"token_embd",
                       "output_norm",
                       "output",
                       [](std::uint32_t number) { return block_name(number, ""); },
                       {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"}};

/** Files from before 2023-03-29 have the matrices of attention and the first of the feed-forward transposed. */
bool is_transposed(const PlanBuilder &builder, const Names &names, std::int64_t width, std::int64_t n_ff) {
    const Tensor &up = builder.need(names.layer(0) + names.in_layer.up + ".weight");
    return up.ne0 == n_ff && up.ne1 == width && n_ff != width;
}

void take_layer(PlanBuilder &builder, const Hyperparameters &sizes, const Names &names, std::uint32_t layer,
                std::int64_t n_ff, bool transposed) {
    const std::int64_t width = sizes.n_embd;
    const std::string from = names.layer(layer);
    const LayerNames &in = names.in_layer;
    const auto to = [layer](const std::string &name) { return block_name(layer, name); };
    const Taking plain{.transposed = transposed};
    const Taking rotated{.transposed = transposed, .head_rows = width / sizes.n_head, .rotated = sizes.n_rot};
    builder.take(from + in.norm + ".weight", to("attn_norm.weight"), width, 0);
    builder.take(from + in.norm + ".bias", to("attn_norm.bias"), width, 0);
    for (const auto &[name, phi2_name, how] :
         {std::tuple(in.query, "attn_q", rotated), std::tuple(in.key, "attn_k", rotated),
          std::tuple(in.value, "attn_v", plain), std::tuple(in.output, "attn_output", plain)}) {
        builder.take(from + name + ".weight", to(phi2_name) + ".weight", width, width, how);
        builder.add_zeros(to(phi2_name) + ".bias", width);
    }
    builder.take(from + in.up + ".weight", to("ffn_up.weight"), width, n_ff, plain);
    builder.take(from + in.up + ".bias", to("ffn_up.bias"), n_ff, 0);
    builder.take(from + in.down + ".weight", to("ffn_down.weight"), n_ff, width);
    builder.take(from + in.down + ".bias", to("ffn_down.bias"), width, 0);
    for (const char *mask : {"attn.bias", "attn.masked_bias"}) { // buffers of torch's, not weights
        builder.ignore(from + mask);
    }
}

void take_tensors(PlanBuilder &builder, const Hyperparameters &sizes, const Names &names, std::int64_t n_ff) {
    const std::int64_t width = sizes.n_embd;
    builder.take(names.embeddings + ".weight", "token_embd.weight", width, sizes.n_vocab);
    builder.take(names.norm + ".weight", "output_norm.weight", width, 0);
    builder.take(names.norm + ".bias", "output_norm.bias", width, 0);
    builder.take(names.head + ".weight", "output.weight", width, sizes.n_vocab);
    builder.take(names.head + ".bias", "output.bias", sizes.n_vocab, 0);
    const bool transposed = is_transposed(builder, names, width, n_ff);
    for (std::uint32_t layer = 0; layer < sizes.n_layer; ++layer) {
        take_layer(builder, sizes, names, layer, n_ff, transposed);
    }
}

void set_hyperparameters(GgufHeader &header, const Hyperparameters &sizes, std::uint32_t n_ff, float eps) {
    header.set("phi2.context_length", sizes.n_ctx);
    header.set("phi2.embedding_length", sizes.n_embd);
    header.set("phi2.block_count", sizes.n_layer);
    header.set("phi2.feed_forward_length", n_ff);
    header.set("phi2.attention.head_count", sizes.n_head);
    header.set("phi2.attention.head_count_kv", sizes.n_head);
    header.set("phi2.attention.layer_norm_epsilon", eps);
    header.set("phi2.rope.dimension_count", sizes.n_rot);
    header.set("phi2.vocab_size", sizes.n_vocab);
}

std::uint32_t number(const GgufFile &file, const std::string &name, std::uint64_t low, std::uint64_t high) {
    const std::string key = "gptj." + name;
    const auto value = file.get_uint(key);
    if (!value) {
        file.fail(LLMODEL_INVALID_MODEL, key, "is missing");
    }
    if (*value < low || *value > high) {
        file.fail(LLMODEL_INVALID_MODEL, key,
                  "is " + std::to_string(*value) + ", which is not between " + std::to_string(low) + " and " +
                      std::to_string(high));
    }
    return static_cast<std::uint32_t>(*value);
}

Directory directory_of(const GgufFile &file) {
    Directory directory;
    for (const GgufTensor &tensor : file.tensors) {
        Tensor entry;
        entry.name = tensor.name;
        entry.type = ElementType{static_cast<std::uint32_t>(tensor.type), Layout::c, ggml_blck_size(tensor.type),
                                 ggml_type_size(tensor.type)};
        entry.n_dims = tensor.n_dims;
        entry.ne0 = tensor.dims[0];
        entry.ne1 = tensor.dims[1] * tensor.dims[2] * tensor.dims[3];
        entry.info_offset = tensor.info_offset;
        entry.offset = tensor.offset;
        directory.add(std::move(entry));
    }
    directory.end = file.size;
    return directory;
}

/** Whether tokens are written in byte-level encoding's characters, by how they write the space. */
bool has_byte_characters(const StringArray &tokens) {
    bool raw_space = false;
    bool character = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        raw_space = raw_space || tokens[i] == " ";
        character = character || tokens[i] == to_byte_characters(" ");
    }
    return character || !raw_space;
}

/** The vocabulary stays as it is if it is complete; some writers of 2023 left out the merges, or wrote raw bytes. */
void set_vocabulary(Plan &plan, const GgufFile &file) {
    const StringArray *tokens = file.get_strings("tokenizer.ggml.tokens");
    if (tokens == nullptr) {
        file.fail(LLMODEL_INVALID_MODEL, "tokenizer.ggml.tokens", "is missing");
    }
    const bool has_characters = has_byte_characters(*tokens);
    if (has_characters && file.find("tokenizer.ggml.merges") != nullptr) {
        if (file.find("tokenizer.ggml.pre") == nullptr) {
            plan.header.set("tokenizer.ggml.pre", std::string("gpt-2"));
        }
        return;
    }
    LegacyFile raw;
    for (std::size_t i = 0; i < tokens->size(); ++i) {
        Token token;
        if (!has_characters || !from_byte_characters((*tokens)[i], token.text)) {
            token.text = (*tokens)[i];
        }
        raw.tokens.push_back(std::move(token));
    }
    plan.header.set(gptj_vocabulary(raw));
    plan.choices.emplace_back(merges_recovered);
}

} // namespace

Plan plan_gptj(const LegacyFile &file, const TranslationOptions &options) {
    const Hyperparameters &sizes = file.hyperparameters;
    const std::uint32_t n_ff = 4 * sizes.n_embd;
    Plan plan;
    plan.architecture = "gptj";
    plan.runs_as = "phi2";
    plan.format = file.format;
    plan.version = file.version;
    plan.choices.emplace_back(merges_recovered);
    Hyperparameters chosen = sizes;
    chosen.n_ctx = options.n_ctx != 0 ? options.n_ctx : sizes.n_ctx;
    set_hyperparameters(plan.header, chosen, n_ff, norm_eps);
    plan.header.set(gptj_vocabulary(file));
    PlanBuilder builder(file.path, file.parts, options);
    take_tensors(builder, sizes, ggml_names, n_ff);
    builder.finish(plan, sizes.file_type % 1000);
    return plan;
}

Plan plan_translation(const GgufFile &file, const TranslationOptions &options) {
    Hyperparameters sizes;
    const StringArray *tokens = file.get_strings("tokenizer.ggml.tokens");
    sizes.n_vocab = tokens == nullptr ? 0 : static_cast<std::uint32_t>(tokens->size());
    sizes.n_ctx = options.n_ctx != 0 ? options.n_ctx : number(file, "context_length", 1, 1 << 24);
    sizes.n_embd = number(file, "embedding_length", 1, 1 << 20);
    sizes.n_layer = number(file, "block_count", 1, 512);
    sizes.n_head = number(file, "attention.head_count", 1, sizes.n_embd);
    if (sizes.n_embd % sizes.n_head != 0) {
        file.fail(LLMODEL_INVALID_MODEL, "gptj.attention.head_count",
                  "does not divide the " + std::to_string(sizes.n_embd) + " components");
    }
    sizes.n_rot = number(file, "rope.dimension_count", 2, sizes.n_embd / sizes.n_head);
    if (sizes.n_rot % 2 != 0) {
        file.fail(LLMODEL_INVALID_MODEL, "gptj.rope.dimension_count", "is odd, but components are rotated in pairs");
    }
    const std::uint32_t n_ff = number(file, "feed_forward_length", 1, 1 << 22);

    Plan plan;
    plan.architecture = "gptj";
    plan.runs_as = "phi2";
    plan.format = "gguf";
    plan.version = file.version;
    for (const auto &[key, value] : file.metadata) {
        if (!key.starts_with("gptj.") && key != "general.alignment") {
            plan.header.set(key, value);
        }
    }
    set_hyperparameters(plan.header, sizes, n_ff,
                        static_cast<float>(file.get_float("gptj.attention.layer_norm_epsilon").value_or(norm_eps)));
    set_vocabulary(plan, file);
    const std::vector<Directory> parts{directory_of(file)};
    PlanBuilder builder(file.path, parts, options);
    take_tensors(builder, sizes, gguf_names, n_ff);
    builder.finish(plan, static_cast<std::uint32_t>(file.get_uint("general.file_type").value_or(0)));
    return plan;
}

} // namespace llmodel::legacy
