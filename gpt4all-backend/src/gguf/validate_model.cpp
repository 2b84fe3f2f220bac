#include "gguf/validate_model.h"

#include "gguf/utf8.h"
#include "gguf/validation.h"
#include "llama-arch.h"
#include "llama.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_set>

namespace llmodel {

namespace validation {

void check_range(const GgufFile &file, std::string_view key, std::uint64_t low, std::uint64_t high) {
    const auto number = file.get_uint(key);
    if (number && (*number < low || *number > high)) {
        file.fail(LLMODEL_INVALID_MODEL, key,
                  "is " + std::to_string(*number) + ", which is not between " + std::to_string(low) + " and " +
                      std::to_string(high));
    }
}

} // namespace validation

namespace {

void check_architecture(const GgufFile &file) {
    constexpr std::string_view key = "general.architecture";
    const std::string name(file.architecture());
    const llm_arch architecture = llm_arch_from_string(name);
    if (architecture == LLM_ARCH_UNKNOWN) {
        file.fail(LLMODEL_UNSUPPORTED, key,
                  "is '" + printable(name) + "', an architecture that this version cannot run");
    }
    if (architecture == LLM_ARCH_CLIP) {
        file.fail(LLMODEL_UNSUPPORTED, key, "is 'clip': this is the vision part of a model, not a language model");
    }
}

void check_kind(const GgufFile &file) {
    constexpr std::string_view key = "general.type";
    const auto kind = file.get_string(key);
    if (kind && *kind == "adapter") {
        file.fail(LLMODEL_UNSUPPORTED, key, "is 'adapter': open the model that it adapts, and load it as an adapter");
    }
    if (kind && (*kind == "mmproj" || *kind == "imatrix")) {
        file.fail(LLMODEL_UNSUPPORTED, key, "is '" + std::string(*kind) + "': this is not a language model");
    }
    if (file.tensors.empty()) {
        throw Error(LLMODEL_UNSUPPORTED, "'" + file.path + "' has no tensors: it holds a vocabulary but no model",
                    {{"path", file.path}});
    }
}

void check_general_text(const GgufFile &file) {
    constexpr std::string_view prefix = "general.";
    for (auto at = file.metadata.lower_bound(prefix); at != file.metadata.end() && at->first.starts_with(prefix);
         ++at) {
        const auto *text = std::get_if<std::string>(&at->second.value);
        if (text != nullptr && !is_valid_utf8(*text)) {
            file.fail(LLMODEL_INVALID_MODEL, at->first, "is not valid UTF-8");
        }
    }
}

// ---------------------------------------------------------------------------------------------------- split models

constexpr std::string_view split_count_key = "split.count";
constexpr std::string_view split_number_key = "split.no";
constexpr std::uint64_t max_parts = 1000;

std::uint64_t split_number(const GgufFile &file, std::string_view key) {
    const GgufValue *value = file.find(key);
    if (value == nullptr) {
        file.fail(LLMODEL_INVALID_MODEL, key, "is missing from a part of a split model");
    }
    if (value->type != GgufType::uint16) {
        file.fail(LLMODEL_INVALID_MODEL, key,
                  std::string("must be of type uint16, not ") + gguf_type_label(value->type));
    }
    return *file.get_uint(key);
}

/** Reads the other parts of a split model, whose tensors llama.cpp loads together with those of the first. */
void check_parts(const GgufFile &first) {
    if (first.find(split_count_key) == nullptr) {
        return;
    }
    const std::uint64_t count = split_number(first, split_count_key);
    if (count <= 1) {
        return;
    }
    if (count > max_parts) {
        first.fail(LLMODEL_INVALID_MODEL, split_count_key,
                   "is " + std::to_string(count) + "; at most " + std::to_string(max_parts) + " parts are allowed");
    }
    if (const std::uint64_t number = split_number(first, split_number_key); number != 0) {
        first.fail(LLMODEL_INVALID_MODEL, split_number_key,
                   "is " + std::to_string(number) + ": open the first part of the model, whose number is 0");
    }
    const auto parts = static_cast<int>(count);
    std::array<char, 4096> prefix{};
    if (first.path.size() + 64 > prefix.size() ||
        llama_split_prefix(prefix.data(), prefix.size(), first.path.c_str(), 0, parts) <= 0) {
        first.fail(LLMODEL_INVALID_MODEL, split_count_key,
                   "says that the model has " + std::to_string(count) +
                       " parts, but the file is not named like the first of them (…-00001-of-00002.gguf)");
    }
    std::unordered_set<std::string> names;
    for (const GgufTensor &tensor : first.tensors) {
        names.insert(tensor.name);
    }
    for (int i = 1; i < parts; ++i) {
        std::array<char, 4096> path{};
        llama_split_path(path.data(), path.size(), prefix.data(), i, parts);
        const std::string name(path.data());
        const GgufFile part = read_gguf(std::filesystem::path(std::u8string(name.begin(), name.end())));
        if (split_number(part, split_number_key) != static_cast<std::uint64_t>(i)) {
            part.fail(LLMODEL_INVALID_MODEL, split_number_key, "should be " + std::to_string(i) + " in this part");
        }
        for (const GgufTensor &tensor : part.tensors) {
            if (!names.insert(tensor.name).second) {
                part.fail_tensor(LLMODEL_INVALID_MODEL, tensor, "is also in another part of the model");
            }
        }
        validation::check_tensor_types(part);
    }
}

} // namespace

void validate_model(const GgufFile &file) {
    check_architecture(file);
    check_kind(file);
    check_general_text(file);
    validation::check_hyperparameters(file);
    validation::check_vocabulary(file);
    validation::check_tensor_types(file);
    check_parts(file);
}

void validate_adapter(const GgufFile &adapter, const GgufFile &model) {
    constexpr std::string_view alpha_key = "adapter.lora.alpha";
    const auto expect = [&](std::string_view key, std::string_view expected) {
        const auto text = adapter.get_string(key);
        if (!text || *text != expected) {
            adapter.fail(LLMODEL_UNSUPPORTED, key,
                         "must be '" + std::string(expected) + "' but is " +
                             (text ? "'" + printable(*text) + "'" : "missing") + "; is this a LoRA adapter?");
        }
    };
    expect("general.type", "adapter");
    expect("adapter.type", "lora");
    expect("general.architecture", model.architecture());
    const GgufValue *alpha = adapter.find(alpha_key);
    if (alpha != nullptr && (alpha->type != GgufType::float32 || !std::isfinite(*adapter.get_float(alpha_key)))) {
        adapter.fail(LLMODEL_INVALID_MODEL, alpha_key, "must be a finite number of type float32");
    }
    if (adapter.tensors.empty()) {
        throw Error(LLMODEL_INVALID_MODEL, "'" + adapter.path + "' has no tensors", {{"path", adapter.path}});
    }
    for (const GgufTensor &tensor : adapter.tensors) {
        const std::string_view name = tensor.name;
        if (name.ends_with("_norm.weight")) {
            continue; // llama.cpp ignores them
        }
        if (!name.ends_with(".lora_a") && !name.ends_with(".lora_b")) {
            adapter.fail_tensor(LLMODEL_INVALID_MODEL, tensor, "does not end in '.lora_a' or '.lora_b'");
        }
        if (!validation::is_matrix_type(tensor.type)) {
            adapter.fail_tensor(LLMODEL_INVALID_MODEL, tensor,
                                std::string("is of type ") + ggml_type_name(tensor.type) +
                                    ", which is not a type for weights");
        }
        const GgufTensor *base = model.find_tensor(name.substr(0, name.size() - std::string_view(".lora_a").size()));
        if (base != nullptr && (base->dims[2] != tensor.dims[2] || base->dims[3] != tensor.dims[3])) {
            adapter.fail_tensor(LLMODEL_INVALID_MODEL, tensor, "has a different shape from the tensor that it adapts");
        }
    }
}

} // namespace llmodel
