#include "files/inspect.h"

#include "backends/backend.h"
#include "chat_templates/chat_templates.h"
#include "files/model_file.h"
#include "llama.h"
#include "llama/texts.h"
#include "memory/estimate.h"
#include "options/open_options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

namespace llmodel {

namespace {

/** Roles of special tokens and the keys that hold their ids (GGUF specification; "seperator" is spelt so there). */
constexpr std::array<std::pair<const char *, const char *>, 15> special_roles{{
    {"bos", "bos"},
    {"eos", "eos"},
    {"eot", "eot"},
    {"eom", "eom"},
    {"unk", "unknown"},
    {"sep", "seperator"},
    {"pad", "padding"},
    {"cls", "cls"},
    {"mask", "mask"},
    {"fim_pre", "fim_pre"},
    {"fim_suf", "fim_suf"},
    {"fim_mid", "fim_mid"},
    {"fim_pad", "fim_pad"},
    {"fim_rep", "fim_rep"},
    {"fim_sep", "fim_sep"},
}};

constexpr std::array pooling_names{"none", "mean", "cls", "last", "rank"};

constexpr std::string_view template_key = "tokenizer.chat_template";

json scalar(const GgufValue &value) {
    return std::visit(
        [&value](const auto &item) -> json {
            using Item = std::decay_t<decltype(item)>;
            if constexpr (std::is_same_v<Item, GgufArray>) {
                return {{"type", gguf_type_label(item.type)}, {"length", item.size()}};
            } else if constexpr (std::is_same_v<Item, double>) {
                // JSON has no other numbers; and a float32 is written in its shortest form
                if (!std::isfinite(item)) {
                    return nullptr;
                }
                return value.type == GgufType::float32 ? json(static_cast<float>(item)) : json(item);
            } else {
                return item;
            }
        },
        value.value);
}

json metadata_of(const GgufFile &file) {
    json metadata = json::object();
    for (const auto &[key, value] : file.metadata) {
        metadata[key] = scalar(value);
    }
    return metadata;
}

/** A number of the architecture, the greatest where there is one for each layer. */
std::optional<uint64_t> hyperparameter(const GgufFile &file, const char *name) {
    const std::string key = std::string(file.architecture()) + "." + name;
    const GgufValue *value = file.find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->type != GgufType::array) {
        return file.get_uint(key);
    }
    return std::visit(
        [](const auto &items) -> std::optional<uint64_t> {
            if constexpr (std::is_same_v<std::decay_t<decltype(items)>, StringArray>) {
                return std::nullopt;
            } else {
                if (items.size() == 0) {
                    return std::nullopt;
                }
                const auto most = *std::max_element(items.begin(), items.end());
                return most > 0 ? static_cast<uint64_t>(most) : 0;
            }
        },
        std::get<GgufArray>(value->value).items);
}

uint64_t vocabulary(const GgufFile &file) {
    if (const GgufArray *tokens = file.get_array("tokenizer.ggml.tokens"); tokens != nullptr) {
        return tokens->size();
    }
    return hyperparameter(file, "vocab_size").value_or(0);
}

json special_tokens(const GgufFile &file) {
    json tokens = json::object();
    const StringArray *texts = file.get_strings("tokenizer.ggml.tokens");
    for (const auto &[role, name] : special_roles) {
        const auto id = file.get_uint(std::string("tokenizer.ggml.") + name + "_token_id");
        if (id && texts != nullptr && *id < texts->size()) {
            tokens[role] = {{"id", *id}, {"text", std::string((*texts)[*id])}};
        }
    }
    return tokens;
}

json chat_templates(const GgufFile &file) {
    json templates = json::object();
    for (const auto &[key, value] : file.metadata) {
        const std::string_view name = key;
        if (name.starts_with(template_key) && name.size() > template_key.size() && name[template_key.size()] == '.' &&
            value.type == GgufType::string) {
            templates[std::string(name.substr(template_key.size() + 1))] = std::get<std::string>(value.value);
        }
    }
    return templates;
}

} // namespace

std::string quantization(const GgufFile &file) {
    namespace texts = llama_texts;
    if (const auto type = file.get_uint("general.file_type"); type && *type < LLAMA_FTYPE_GUESSED) {
        std::string name = llama_ftype_name(static_cast<llama_ftype>(*type));
        if (!name.starts_with(texts::file_type_unknown)) {
            // "Q4_K - Medium" is known as Q4_K_M, and "IQ4_XS - 4.25 bpw" as IQ4_XS
            const size_t dash = name.find(texts::file_type_detail);
            const std::string detail =
                dash == std::string::npos ? "" : name.substr(dash + texts::file_type_detail.text.size());
            name = name.substr(0, dash);
            if (detail == texts::file_type_small.text || detail == texts::file_type_medium.text ||
                detail == texts::file_type_large.text) {
                name += "_" + detail.substr(0, 1);
            }
            static const std::map<std::string_view, std::string> known_as = {{texts::file_type_f32, "F32"},
                                                                             {texts::file_type_mxfp4, "MXFP4_MOE"},
                                                                             {texts::file_type_iq3_mix, "IQ3_M"},
                                                                             {"Q2_K_M", "Q2_K"}};
            const auto known = known_as.find(name);
            return known == known_as.end() ? name : known->second;
        }
    }
    std::map<ggml_type, uint64_t> weights;
    for (const GgufTensor &tensor : file.tensors) {
        weights[tensor.type] += tensor.elements();
    }
    const auto most = std::max_element(weights.begin(), weights.end(),
                                       [](const auto &left, const auto &right) { return left.second < right.second; });
    std::string name = most == weights.end() ? "unknown" : ggml_type_name(most->first);
    std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
    });
    return name;
}

namespace {

bool ranks(const GgufFile &file) {
    return hyperparameter(file, "pooling_type") == static_cast<uint64_t>(LLAMA_POOLING_TYPE_RANK) ||
           file.find_tensor("cls.weight") != nullptr || file.find_tensor("cls.output.weight") != nullptr ||
           file.find("tokenizer.chat_template.rerank") != nullptr;
}

void copy_string(const GgufFile &file, const char *key, json &into, const char *name) {
    if (const GgufValue *value = file.find(key); value != nullptr && value->type == GgufType::string) {
        into[name] = std::get<std::string>(value->value);
    }
}

struct Size {
    uint64_t file = 0;
    uint64_t weights = 0; // bytes
    uint64_t parameters = 0;
    uint64_t tensors = 0;

    void add(const GgufFile &part) {
        file += part.size;
        tensors += part.tensors.size();
        for (const GgufTensor &tensor : part.tensors) {
            weights += tensor.size;
            parameters += tensor.elements();
        }
    }
};

/** Over all parts of a model that is split, of which `file` is the first and whose others have been validated. */
Size size_of(const GgufFile &file) {
    Size size;
    size.add(file);
    const auto parts = static_cast<int>(file.get_uint("split.count").value_or(1));
    std::array<char, 4096> buffer{};
    if (parts > 1 && llama_split_prefix(buffer.data(), buffer.size(), file.path.c_str(), 0, parts) > 0) {
        const std::string prefix = buffer.data();
        for (int part = 1; part < parts; ++part) {
            llama_split_path(buffer.data(), buffer.size(), prefix.c_str(), part, parts);
            size.add(read_gguf(std::filesystem::path(buffer.data())));
        }
    }
    return size;
}

} // namespace

bool only_encodes(const GgufFile &file) {
    const std::string_view architecture = file.architecture();
    if (const auto causal = file.get_bool(std::string(architecture) + ".attention.causal"); causal && !*causal) {
        return true;
    }
    return architecture.find("bert") != std::string_view::npos || architecture == "t5encoder" ||
           architecture == "gemma-embedding";
}

json describe(const GgufFile &file, const OpenOptions &options) {
    const Size size = size_of(file);
    json result{{"path", file.path},
                {"size", size.file},
                {"format", "gguf"},
                {"format_version", file.version},
                {"architecture", std::string(file.source_architecture())},
                {"quantization", quantization(file)},
                {"n_params", size.parameters},
                {"n_tensors", size.tensors},
                {"n_ctx_train", hyperparameter(file, "context_length").value_or(0)},
                {"n_vocab", vocabulary(file)},
                {"chat_template", nullptr},
                {"chat_templates", chat_templates(file)},
                {"special_tokens", special_tokens(file)},
                {"metadata", metadata_of(file)}};
    if (result["architecture"] != file.architecture()) {
        result["runs_as"] = std::string(file.architecture());
    }
    if (size.parameters > 0) {
        result["bits_per_weight"] = 8.0 * static_cast<double>(size.weights) / static_cast<double>(size.parameters);
    }
    for (const auto &[name, key] :
         {std::pair{"n_embd", "embedding_length"}, std::pair{"n_layer", "block_count"},
          std::pair{"n_head", "attention.head_count"}, std::pair{"n_head_kv", "attention.head_count_kv"}}) {
        if (const auto value = hyperparameter(file, key)) {
            result[name] = *value;
        }
    }
    if (!result.contains("n_head_kv") && result.contains("n_head")) {
        result["n_head_kv"] = result["n_head"];
    }
    if (const auto pooling = hyperparameter(file, "pooling_type"); pooling && *pooling < pooling_names.size()) {
        result["pooling"] = pooling_names[*pooling];
    }
    result["tokenizer"] = json::object();
    copy_string(file, "tokenizer.ggml.model", result["tokenizer"], "model");
    copy_string(file, "tokenizer.ggml.pre", result["tokenizer"], "pre");
    copy_string(file, "tokenizer.chat_template", result, "chat_template");
    if (!only_encodes(file)) {
        result["sampling"] = options.sampling.to_json();
    }
    if (!only_encodes(file) && !has_chat_template(file)) {
        result["default_chat_template"] = std::string(default_chat_template(file).name);
    }
    for (const char *key : {"name", "author", "organization", "description", "license", "url"}) {
        copy_string(file, (std::string("general.") + key).c_str(), result, key);
    }
    for (const auto &[name, key] :
         {std::pair{"add_bos", "tokenizer.ggml.add_bos_token"}, std::pair{"add_eos", "tokenizer.ggml.add_eos_token"}}) {
        if (const auto value = file.get_bool(key)) {
            result[name] = *value;
        }
    }
    const bool rank = ranks(file);
    result["capabilities"] = {{"generate", !only_encodes(file)}, {"embed", true}, {"rerank", rank}};
    result["memory"] = estimate_memory(options, file);
    return result;
}

json inspect(const std::filesystem::path &path, const json &options) {
    ensure_backend();
    const ModelFile file = peek_model_file(path, options.value("cache_dir", std::string()));
    json result = describe(file.gguf, parse_open_options(file.gguf, options));
    file.complete(result);
    return result;
}

} // namespace llmodel
