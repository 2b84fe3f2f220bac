#include "legacy/plan_builder.h"

#include "ggml.h"
#include "gguf/utf8.h"
#include "llama.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace llmodel::legacy {

namespace {

constexpr std::array<std::pair<ggml_type, llama_ftype>, 12> file_types{{
    {GGML_TYPE_F32, LLAMA_FTYPE_ALL_F32},
    {GGML_TYPE_F16, LLAMA_FTYPE_MOSTLY_F16},
    {GGML_TYPE_Q4_0, LLAMA_FTYPE_MOSTLY_Q4_0},
    {GGML_TYPE_Q4_1, LLAMA_FTYPE_MOSTLY_Q4_1},
    {GGML_TYPE_Q5_0, LLAMA_FTYPE_MOSTLY_Q5_0},
    {GGML_TYPE_Q5_1, LLAMA_FTYPE_MOSTLY_Q5_1},
    {GGML_TYPE_Q8_0, LLAMA_FTYPE_MOSTLY_Q8_0},
    {GGML_TYPE_Q2_K, LLAMA_FTYPE_MOSTLY_Q2_K},
    {GGML_TYPE_Q3_K, LLAMA_FTYPE_MOSTLY_Q3_K_M},
    {GGML_TYPE_Q4_K, LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {GGML_TYPE_Q5_K, LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {GGML_TYPE_Q6_K, LLAMA_FTYPE_MOSTLY_Q6_K},
}};

/** By what most weights are; among mixtures of K types, what the old file says, which numbered them as today. */
llama_ftype file_type_of(const std::vector<OutputTensor> &tensors, std::uint32_t stated) {
    if (stated >= LLAMA_FTYPE_MOSTLY_Q2_K && stated <= LLAMA_FTYPE_MOSTLY_Q6_K) {
        return static_cast<llama_ftype>(stated);
    }
    std::map<ggml_type, std::uint64_t> weights;
    for (const OutputTensor &tensor : tensors) {
        weights[tensor.type] += static_cast<std::uint64_t>(tensor.ne0) * static_cast<std::uint64_t>(tensor.ne1);
    }
    const auto most = std::max_element(weights.begin(), weights.end(),
                                       [](const auto &left, const auto &right) { return left.second < right.second; });
    for (const auto &[type, file_type] : file_types) {
        if (most != weights.end() && most->first == type) {
            return file_type;
        }
    }
    return LLAMA_FTYPE_GUESSED;
}

std::string shape_text(std::int64_t ne0, std::int64_t ne1) {
    return std::to_string(ne0) + " x " + std::to_string(ne1);
}

} // namespace

std::string block_name(std::uint32_t layer, const std::string &name) {
    return "blk." + std::to_string(layer) + "." + name;
}

PlanBuilder::PlanBuilder(const std::string &path, const std::vector<Directory> &parts,
                         const TranslationOptions &options)
    : path_(path), parts_(parts), options_(options) {}

void PlanBuilder::fail(const Tensor &tensor, const std::string &message, llmodel_status status) const {
    throw Error(status,
                "'" + path_ + "': tensor '" + printable(tensor.name) + "', at byte " +
                    std::to_string(tensor.info_offset) + ": " + message,
                {{"path", path_}, {"offset", tensor.info_offset}, {"tensor", printable(tensor.name)}});
}

const Tensor &PlanBuilder::need(const std::string &name) const {
    const Directory &directory = parts_.front();
    if (const Tensor *tensor = directory.find(name)) {
        return *tensor;
    }
    const std::string last =
        directory.tensors().empty() ? "" : ", after '" + printable(directory.tensors().back().name) + "'";
    throw Error(LLMODEL_INVALID_MODEL,
                "'" + path_ + "': the tensor '" + name + "' is missing; the file ends at byte " +
                    std::to_string(directory.end) + last + "; it is truncated or corrupt, so download it again",
                {{"path", path_}, {"offset", directory.end}, {"tensor", name}});
}

void PlanBuilder::check_shape(const Tensor &tensor, std::int64_t ne0, std::int64_t ne1) const {
    const bool is_vector = ne1 == 0;
    if (tensor.ne0 != ne0 || tensor.ne1 != (is_vector ? 1 : ne1)) {
        fail(tensor, "its shape is " + shape_text(tensor.ne0, tensor.ne1) + ", but the header implies " +
                         shape_text(ne0, is_vector ? 1 : ne1));
    }
    if (is_vector && tensor.type.id != GGML_TYPE_F32) {
        fail(tensor, std::string("it is a vector of type ") + tensor.type.name() + "; vectors must be F32");
    }
}

ggml_type PlanBuilder::target_of_q4(const Tensor &tensor, std::int64_t ne0, const std::string &wanted, bool is_q4_2) {
    static constexpr std::array<std::pair<const char *, ggml_type>, 4> choices{{
        {"Q6_K", GGML_TYPE_Q6_K},
        {"Q8_0", GGML_TYPE_Q8_0},
        {"F16", GGML_TYPE_F16},
        {"F32", GGML_TYPE_F32},
    }};
    for (const auto &[name, type] : choices) {
        const bool is_choice = wanted == "auto" ? is_q4_2 || type != GGML_TYPE_Q6_K : wanted == name;
        if (is_choice && ne0 % ggml_blck_size(type) == 0) {
            choices_.insert(std::string(tensor.type.name()) + ", which no longer exists, became " + name + ".");
            return type;
        }
    }
    fail(tensor,
         "its rows of " + std::to_string(ne0) + " values do not fit " + wanted +
             "; ask for F16, or leave the choice to auto",
         LLMODEL_UNSUPPORTED);
}

ggml_type PlanBuilder::target(const Tensor &tensor, std::int64_t ne0) {
    if (tensor.type.layout != Layout::c && tensor.type.id == type_q4_2) {
        return target_of_q4(tensor, ne0, options_.q4_2_type, true);
    }
    if (tensor.type.layout != Layout::c && tensor.type.id == type_q4_3) {
        return target_of_q4(tensor, ne0, options_.q4_3_type, false);
    }
    return static_cast<ggml_type>(tensor.type.id);
}

void PlanBuilder::add_parts(OutputTensor &output, const Tensor &first, const Taking &how) const {
    output.source.split = how.split;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Tensor *part = parts_[i].find(first.name);
        if (part == nullptr || part->type.id != first.type.id || part->ne0 != first.ne0 || part->ne1 != first.ne1) {
            throw Error(LLMODEL_INVALID_MODEL,
                        "'" + path_ + "': the tensor '" + printable(first.name) + "' is missing from part " +
                            std::to_string(i + 1) + " of " + std::to_string(parts_.size()) +
                            " of the model, or has a different type or shape there",
                        {{"path", path_}, {"offset", first.info_offset}, {"tensor", printable(first.name)}});
        }
        output.source.pieces.push_back({i, part->offset});
    }
}

void PlanBuilder::take(const std::string &from, const std::string &to, std::int64_t ne0, std::int64_t ne1, Taking how) {
    const Tensor &tensor = need(from);
    const auto count = static_cast<std::int64_t>(parts_.size());
    if (count == 1 || ne1 == 0) { // vectors are in every part
        how.split = Split::none;
    }
    const std::int64_t columns = how.split == Split::columns ? count : 1;
    const std::int64_t rows = how.split == Split::rows ? count : 1;
    if (ne0 % columns != 0 || ne1 % rows != 0) {
        fail(tensor,
             "its shape of " + shape_text(ne0, ne1) + " cannot be divided among " + std::to_string(count) + " files");
    }
    if (how.transposed) {
        check_shape(tensor, ne1, ne0);
        if (tensor.type.id != GGML_TYPE_F32 && tensor.type.id != GGML_TYPE_F16) {
            fail(tensor,
                 std::string("it is transposed, as in files from before 2023-03-29, and of type ") +
                     tensor.type.name() + "; such files were F32 or F16",
                 LLMODEL_UNSUPPORTED);
        }
    } else {
        check_shape(tensor, ne0 / columns, ne1 / rows);
    }
    OutputTensor output;
    output.name = to;
    output.source_name = from;
    output.type = target(tensor, ne0);
    output.n_dims = ne1 == 0 ? 1 : 2;
    output.ne0 = ne0;
    output.ne1 = std::max<std::int64_t>(ne1, 1);
    output.source.type = tensor.type;
    output.source.transposed = how.transposed;
    output.source.head_rows = how.head_rows;
    output.source.rotated = how.rotated;
    if (how.split == Split::none) {
        output.source.pieces.push_back({0, tensor.offset});
    } else {
        add_parts(output, tensor, how);
    }
    tensors_.push_back(std::move(output));
    taken_.insert(from);
}

void PlanBuilder::add_zeros(const std::string &to, std::int64_t ne0) {
    OutputTensor output;
    output.name = to;
    output.ne0 = ne0;
    tensors_.push_back(std::move(output));
}

void PlanBuilder::finish(Plan &plan, std::uint32_t file_type) {
    for (const Tensor &tensor : parts_.front().tensors()) {
        if (!taken_.contains(tensor.name)) {
            fail(tensor, "there is no such tensor in a model of the architecture " + plan.architecture,
                 LLMODEL_UNSUPPORTED);
        }
    }
    std::stable_sort(tensors_.begin(), tensors_.end(), [](const OutputTensor &left, const OutputTensor &right) {
        const auto place = [](const OutputTensor &tensor) {
            return tensor.source.pieces.empty() ? UINT64_MAX : tensor.source.pieces.front().offset;
        };
        return place(left) < place(right);
    });
    plan.choices.insert(plan.choices.end(), choices_.begin(), choices_.end());
    plan.tensors = std::move(tensors_);
    set_general(plan, options_, file_type);
    for (const OutputTensor &tensor : plan.tensors) {
        plan.header.add_tensor(tensor.name, tensor.type, tensor.n_dims, tensor.ne0, tensor.ne1);
    }
}

void set_general(Plan &plan, const TranslationOptions &options, std::uint32_t file_type) {
    GgufHeader &header = plan.header;
    header.set("general.architecture", plan.runs_as);
    header.set("general.type", std::string("model"));
    if (!options.name.empty() && is_valid_utf8(options.name)) {
        header.set("general.name", options.name);
    }
    header.set("general.file_type", static_cast<std::uint32_t>(file_type_of(plan.tensors, file_type)));
    header.set("general.quantization_version", std::uint32_t{GGML_QNT_VERSION});
    header.set("gpt4all.source.architecture", plan.architecture);
    header.set("gpt4all.source.format", plan.format);
    header.set("gpt4all.source.version", plan.version);
    header.set("gpt4all.translation.version", translation_version);
    header.set("gpt4all.translation.choices", plan.choices);
}

std::uint64_t Plan::size() const {
    std::uint64_t size = header.bytes().size();
    for (const OutputTensor &tensor : tensors) {
        size += (tensor.size() + GgufHeader::alignment - 1) / GgufHeader::alignment * GgufHeader::alignment;
    }
    return size;
}

} // namespace llmodel::legacy
