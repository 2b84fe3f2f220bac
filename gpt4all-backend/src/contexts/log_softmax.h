#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace llmodel {

/** Natural log-probabilities over a row of logits: logit - log(sum(exp(logits))). The sum is relative to the largest
 *  logit, so that it neither overflows nor loses the small ones, and exact to single precision. */
class LogSoftmax {
  public:
    /** `logits` is borrowed. Throws Error(LLMODEL_INVALID_MODEL) if they are not all numbers. */
    explicit LogSoftmax(std::span<const float> logits);

    double operator[](int32_t token) const;

    /** Whether no other token is more probable. */
    bool is_best(int32_t token) const { return logits_[static_cast<size_t>(token)] >= best_; }

    std::vector<float> row() const;

  private:
    std::span<const float> logits_;
    float best_;
    double normalizer_;
};

} // namespace llmodel
