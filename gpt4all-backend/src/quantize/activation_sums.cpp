#include "quantize/activation_sums.h"

#include "error.h"
#include "ggml-backend.h"

#include <cmath>
#include <cstring>
#include <span>
#include <string_view>

namespace llmodel {

namespace {

/** Where row (i1, i2, i3) of a tensor of floats is, in the bytes from its first value on. */
std::span<const float> row(const ggml_tensor *tensor, const std::byte *bytes, int64_t i1, int64_t i2, int64_t i3) {
    const size_t offset = static_cast<size_t>(i1) * tensor->nb[1] + static_cast<size_t>(i2) * tensor->nb[2] +
                          static_cast<size_t>(i3) * tensor->nb[3];
    return {reinterpret_cast<const float *>(bytes + offset), static_cast<size_t>(tensor->ne[0])};
}

void add_squares(std::span<double> sums, std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
        const double value = values[i];
        sums[i] += value * value;
    }
}

/** Which expert each token went to, as the nth of those that it went to. */
class ExpertIds {
  public:
    explicit ExpertIds(const ggml_tensor *ids) : ids_(ids), bytes_(ggml_nbytes(ids)) {
        ggml_backend_tensor_get(ids, bytes_.data(), 0, bytes_.size());
    }

    size_t at(int64_t nth, int64_t token, int64_t experts) const {
        int32_t id = -1;
        const size_t offset = static_cast<size_t>(token) * ids_->nb[1] + static_cast<size_t>(nth) * ids_->nb[0];
        std::memcpy(&id, bytes_.data() + offset, sizeof id);
        if (id < 0 || id >= experts) {
            throw Error(LLMODEL_INTERNAL,
                        "llama.cpp sent a token to expert " + std::to_string(id) + " of " + std::to_string(experts));
        }
        return static_cast<size_t>(id);
    }

  private:
    const ggml_tensor *ids_;
    std::vector<std::byte> bytes_;
};

void check_finite(const std::string &name, const ColumnSums &found) {
    for (const double sum : found.sums) {
        if (!std::isfinite(static_cast<float>(sum))) { // it is a float in the file
            throw Error(LLMODEL_INVALID_MODEL,
                        "the input of the weight " + name +
                            " is not finite: the model is damaged, or its numbers are too large for its type; download "
                            "it again, or start from its BF16 or F32 file",
                        {{"tensor", name}});
        }
    }
}

} // namespace

std::string weight_name(const ggml_tensor *weight) {
    std::string_view name = weight->name;
    if (const size_t begin = name.find('#'); begin != std::string_view::npos) {
        name.remove_prefix(begin + 1);
        name = name.substr(0, name.find('#'));
    }
    return std::string(name);
}

bool ActivationSums::wants(const ggml_tensor *node) const {
    if ((node->op != GGML_OP_MUL_MAT && node->op != GGML_OP_MUL_MAT_ID) || node->src[1]->type != GGML_TYPE_F32) {
        return false;
    }
    const std::string name = weight_name(node->src[0]);
    if (!name.ends_with(".weight")) { // a part of one, or what was computed from another
        return false;
    }
    // embeddings are the output, too, of a model that has none of its own
    return name.starts_with("blk.") || (output_tensor_ && (name == "output.weight" || name == "token_embd.weight"));
}

void ActivationSums::add(const ggml_tensor *node) {
    const ggml_tensor *activations = node->src[1];
    const auto *bytes = static_cast<const std::byte *>(activations->data);
    if (!ggml_backend_buffer_is_host(activations->buffer)) {
        copied_.resize(ggml_nbytes(activations));
        ggml_backend_tensor_get(activations, copied_.data(), 0, copied_.size());
        bytes = copied_.data();
    }
    if (node->op == GGML_OP_MUL_MAT_ID) {
        add_experts(node, bytes);
    } else {
        add_dense(node, bytes);
    }
}

ColumnSums &ActivationSums::sums_of(const ggml_tensor *node, size_t matrices, size_t counts) {
    const std::string name = weight_name(node->src[0]);
    ColumnSums &found = weights_[name];
    const size_t size = matrices * static_cast<size_t>(node->src[1]->ne[0]);
    if (found.sums.empty()) {
        found.sums.resize(size);
        found.counts.resize(counts);
    }
    if (found.sums.size() != size || found.counts.size() != counts) {
        throw Error(LLMODEL_UNSUPPORTED, "the weight " + name + " is used in two ways, which cannot be told apart",
                    {{"tensor", name}});
    }
    return found;
}

void ActivationSums::add_dense(const ggml_tensor *node, const std::byte *activations) {
    const ggml_tensor *weight = node->src[0];
    const ggml_tensor *input = node->src[1];
    const auto matrices = static_cast<size_t>(weight->ne[2] * weight->ne[3]);
    ColumnSums &found = sums_of(node, matrices, 1);
    const auto width = static_cast<size_t>(input->ne[0]);
    for (int64_t i3 = 0; i3 < input->ne[3]; ++i3) {
        for (int64_t i2 = 0; i2 < input->ne[2]; ++i2) {
            // one matrix serves several inputs in turn where there are fewer of them
            const int64_t matrix = i3 % weight->ne[3] * weight->ne[2] + i2 % weight->ne[2];
            const auto sums = std::span(found.sums).subspan(static_cast<size_t>(matrix) * width, width);
            for (int64_t i1 = 0; i1 < input->ne[1]; ++i1) {
                add_squares(sums, row(input, activations, i1, i2, i3));
            }
        }
    }
    found.counts.front() += ggml_nrows(input) / static_cast<int64_t>(matrices);
    check_finite(weight_name(weight), found);
}

void ActivationSums::add_experts(const ggml_tensor *node, const std::byte *activations) {
    const ggml_tensor *input = node->src[1]; // columns, the experts that a token goes to or 1 for all, tokens
    const ggml_tensor *ids = node->src[2];   // the experts that a token goes to, tokens
    const int64_t experts = node->src[0]->ne[2];
    ColumnSums &found = sums_of(node, static_cast<size_t>(experts), static_cast<size_t>(experts));
    const auto width = static_cast<size_t>(input->ne[0]);
    const ExpertIds chosen(ids);
    for (int64_t token = 0; token < ids->ne[1]; ++token) {
        for (int64_t nth = 0; nth < ids->ne[0]; ++nth) {
            const size_t expert = chosen.at(nth, token, experts);
            add_squares(std::span(found.sums).subspan(expert * width, width),
                        row(input, activations, nth % input->ne[1], token, 0));
            ++found.counts[expert];
        }
    }
    check_finite(weight_name(node->src[0]), found);
}

} // namespace llmodel
