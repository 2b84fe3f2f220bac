#include "contexts/log_softmax.h"

#include "error.h"

#include <algorithm>
#include <cmath>

namespace llmodel {

LogSoftmax::LogSoftmax(std::span<const float> logits) : logits_(logits), best_(*std::ranges::max_element(logits)) {
    double sum = 0.0;
    for (const float logit : logits) {
        sum += std::exp(static_cast<double>(logit) - static_cast<double>(best_));
    }
    normalizer_ = static_cast<double>(best_) + std::log(sum);
    if (!std::isfinite(normalizer_)) {
        throw Error(LLMODEL_INVALID_MODEL,
                    "the model produces logits that are not numbers: its weights are damaged, or too "
                    "large for the precision they are computed in");
    }
}

double LogSoftmax::operator[](int32_t token) const {
    return static_cast<double>(logits_[static_cast<size_t>(token)]) - normalizer_;
}

std::vector<float> LogSoftmax::row() const {
    std::vector<float> row(logits_.size());
    std::ranges::transform(logits_, row.begin(), [this](float logit) {
        return static_cast<float>(static_cast<double>(logit) - normalizer_);
    });
    return row;
}

} // namespace llmodel
