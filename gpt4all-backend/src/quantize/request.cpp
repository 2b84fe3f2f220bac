#include "quantize/request.h"

#include "ggml.h"
#include "platform/machine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <regex>
#include <string_view>
#include <utility>

namespace llmodel {

namespace {

constexpr std::array<std::pair<std::string_view, llama_ftype>, 39> file_types{{
    {"F32", LLAMA_FTYPE_ALL_F32},
    {"F16", LLAMA_FTYPE_MOSTLY_F16},
    {"BF16", LLAMA_FTYPE_MOSTLY_BF16},
    {"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    {"Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K},
    {"Q5_K", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {"Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {"Q5_K_S", LLAMA_FTYPE_MOSTLY_Q5_K_S},
    {"Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
    {"Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},
    {"Q4_K", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {"Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {"Q4_K_S", LLAMA_FTYPE_MOSTLY_Q4_K_S},
    {"Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    {"Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
    {"IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS},
    {"IQ4_NL", LLAMA_FTYPE_MOSTLY_IQ4_NL},
    {"Q3_K", LLAMA_FTYPE_MOSTLY_Q3_K_M},
    {"Q3_K_L", LLAMA_FTYPE_MOSTLY_Q3_K_L},
    {"Q3_K_M", LLAMA_FTYPE_MOSTLY_Q3_K_M},
    {"Q3_K_S", LLAMA_FTYPE_MOSTLY_Q3_K_S},
    {"IQ3_M", LLAMA_FTYPE_MOSTLY_IQ3_M},
    {"IQ3_S", LLAMA_FTYPE_MOSTLY_IQ3_S},
    {"IQ3_XS", LLAMA_FTYPE_MOSTLY_IQ3_XS},
    {"IQ3_XXS", LLAMA_FTYPE_MOSTLY_IQ3_XXS},
    {"Q2_K", LLAMA_FTYPE_MOSTLY_Q2_K},
    {"Q2_K_S", LLAMA_FTYPE_MOSTLY_Q2_K_S},
    {"IQ2_M", LLAMA_FTYPE_MOSTLY_IQ2_M},
    {"IQ2_S", LLAMA_FTYPE_MOSTLY_IQ2_S},
    {"IQ2_XS", LLAMA_FTYPE_MOSTLY_IQ2_XS},
    {"IQ2_XXS", LLAMA_FTYPE_MOSTLY_IQ2_XXS},
    {"IQ1_M", LLAMA_FTYPE_MOSTLY_IQ1_M},
    {"IQ1_S", LLAMA_FTYPE_MOSTLY_IQ1_S},
    {"TQ2_0", LLAMA_FTYPE_MOSTLY_TQ2_0},
    {"TQ1_0", LLAMA_FTYPE_MOSTLY_TQ1_0},
    {"Q2_0", LLAMA_FTYPE_MOSTLY_Q2_0},
    {"Q1_0", LLAMA_FTYPE_MOSTLY_Q1_0},
    {"MXFP4_MOE", LLAMA_FTYPE_MOSTLY_MXFP4_MOE},
    {"COPY", LLAMA_FTYPE_ALL_F32},
}};

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return text;
}

[[noreturn]] void refuse(const std::string &option, const std::string &what) {
    throw Error(LLMODEL_INVALID_ARGUMENT, "the option " + option + ": " + what, {{"path", option}});
}

ggml_type tensor_type(const std::string &name, const std::string &option) {
    for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
        const auto type = static_cast<ggml_type>(i);
        if (ggml_type_name(type) != nullptr && upper(ggml_type_name(type)) == upper(name)) {
            return type;
        }
    }
    refuse(option, "\"" + name + "\" is not a tensor type");
}

} // namespace

QuantizeRequest::QuantizeRequest(const json &options) {
    params_.nthread = options.value("threads", 0);
    if (params_.nthread <= 0) {
        params_.nthread = cpu_counts().threads;
    }
    type_ = upper(options.at("type").get<std::string>());
    const auto *found =
        std::find_if(file_types.begin(), file_types.end(), [this](const auto &entry) { return entry.first == type_; });
    if (found == file_types.end()) {
        refuse("/type", "\"" + type_ + "\" is not a file type");
    }
    params_.ftype = found->second;
    params_.only_copy = type_ == "COPY";
    params_.pure = options.value("pure", false);
    params_.allow_requantize = options.value("allow_requantize", false);
    params_.quantize_output_tensor = !options.value("leave_output_tensor", false);
    if (options.contains("output_tensor_type")) {
        params_.output_tensor_type =
            tensor_type(options["output_tensor_type"].get<std::string>(), "/output_tensor_type");
    }
    if (options.contains("token_embedding_type")) {
        params_.token_embedding_type =
            tensor_type(options["token_embedding_type"].get<std::string>(), "/token_embedding_type");
    }
    read_tensor_types(options);
    if (options.contains("imatrix")) {
        use_imatrix(options["imatrix"].get<std::string>());
    }
}

void QuantizeRequest::read_tensor_types(const json &options) {
    if (!options.contains("tensor_types")) {
        return;
    }
    const json &entries = options["tensor_types"];
    patterns_.reserve(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) {
        const std::string option = "/tensor_types/" + std::to_string(i);
        patterns_.push_back(entries[i].at("pattern").get<std::string>());
        try {
            static_cast<void>(std::regex(patterns_.back()));
        } catch (const std::regex_error &error) {
            refuse(option + "/pattern", "\"" + patterns_.back() + "\" is not a regular expression: " + error.what());
        }
        overrides_.push_back(
            {patterns_.back().c_str(), tensor_type(entries[i].at("type").get<std::string>(), option + "/type")});
    }
    overrides_.push_back({nullptr, GGML_TYPE_COUNT}); // the end
    params_.tt_overrides = overrides_.data();
}

/** The file is to say what it was made with, under llama-quantize's keys. */
void QuantizeRequest::use_imatrix(const std::string &path) {
    matrix_ = read_imatrix(path);
    for (const auto &[name, columns] : matrix_.columns) {
        importance_.push_back({name.c_str(), columns.data(), columns.size()});
    }
    importance_.push_back({nullptr, nullptr, 0});
    params_.imatrix = importance_.data();

    add_text("quantize.imatrix.file", std::filesystem::path(path).filename().string());
    if (!matrix_.dataset.empty()) {
        add_text("quantize.imatrix.dataset", matrix_.dataset);
    }
    add_number("quantize.imatrix.entries_count", static_cast<int64_t>(matrix_.columns.size()));
    if (matrix_.chunks > 0) {
        add_number("quantize.imatrix.chunks_count", matrix_.chunks);
    }
    keys_.emplace_back();
    params_.kv_overrides = keys_.data();
}

llama_model_kv_override &QuantizeRequest::add_key(const char *key) {
    keys_.emplace_back();
    std::strncpy(keys_.back().key, key, sizeof(keys_.back().key) - 1);
    return keys_.back();
}

void QuantizeRequest::add_text(const char *key, const std::string &value) {
    llama_model_kv_override &entry = add_key(key);
    entry.tag = LLAMA_KV_OVERRIDE_TYPE_STR;
    std::strncpy(entry.val_str, value.c_str(), sizeof(entry.val_str) - 1);
}

void QuantizeRequest::add_number(const char *key, int64_t value) {
    llama_model_kv_override &entry = add_key(key);
    entry.tag = LLAMA_KV_OVERRIDE_TYPE_INT;
    entry.val_i64 = value;
}

} // namespace llmodel
