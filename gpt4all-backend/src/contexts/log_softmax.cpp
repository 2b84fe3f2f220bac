#include "contexts/log_softmax.h"

#include "error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace llmodel {

namespace {

// A row has as many logits as a vocabulary tokens, and a token of a small model takes hardly longer than std::exp of
// all of them. So the loops below are ones that compilers turn into vectors of any width.
constexpr size_t lanes = 16;
constexpr size_t block = 64 * lanes; // sums of single precision are short

/** e to the power of -`x`, for a number not below 0, to single precision. */
float exp_of_negative(float x) {
    constexpr float integers_from = 12582912.0F; // 1.5 * 2^23: a sum with it has no fraction
    constexpr auto most = std::bit_cast<int32_t>(126.0F);
    // compared as bits, since GCC makes no vectors of comparisons that might trap
    const auto bits = std::bit_cast<int32_t>(x * 1.44269504F);
    const float power = -std::bit_cast<float>(bits < most ? bits : most);
    const float shifted = power + integers_from;
    const float f = power - (shifted - integers_from);
    // the Taylor series of 2 to the power of a fraction
    float result = 1.52527338e-5F * f + 1.54035304e-4F;
    result = result * f + 1.33335581e-3F;
    result = result * f + 9.61812911e-3F;
    result = result * f + 5.55041087e-2F;
    result = result * f + 2.40226507e-1F;
    result = result * f + 6.93147181e-1F;
    result = result * f + 1.0F;
    const uint32_t exponent = std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(integers_from) + 127U;
    return result * std::bit_cast<float>(exponent << 23U);
}

/** A number whose order among others is that of floats; those that are no numbers come before or after all that are. */
int32_t key_of(float value) {
    const auto bits = std::bit_cast<int32_t>(value);
    return bits ^ ((bits >> 31) & std::numeric_limits<int32_t>::max());
}

/** The largest, or something that is not a number if one of them is none. */
float largest(std::span<const float> values) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    int32_t most = std::numeric_limits<int32_t>::min();
    int32_t least = std::numeric_limits<int32_t>::max();
    for (const float value : values) {
        const int32_t key = key_of(value);
        most = key > most ? key : most;
        least = key < least ? key : least;
    }
    if (least < key_of(-infinity) || most > key_of(infinity)) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    return std::bit_cast<float>(most ^ ((most >> 31) & std::numeric_limits<int32_t>::max()));
}

double sum_of_exponentials(std::span<const float> values, float best) {
    double sum = 0.0;
    std::array<float, block> terms; // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
    while (!values.empty()) {
        const std::span<const float> now = values.first(std::min(values.size(), block));
        for (size_t i = 0; i < now.size(); ++i) {
            terms[i] = exp_of_negative(best - now[i]);
        }
        std::fill(terms.begin() + static_cast<std::ptrdiff_t>(now.size()), terms.end(), 0.0F);
        for (size_t half = block / 2; half >= lanes; half /= 2) {
            for (size_t i = 0; i < half; ++i) {
                terms[i] += terms[i + half];
            }
        }
        for (size_t lane = 0; lane < lanes; ++lane) {
            sum += static_cast<double>(terms[lane]);
        }
        values = values.subspan(now.size());
    }
    return sum;
}

} // namespace

LogSoftmax::LogSoftmax(std::span<const float> logits)
    : logits_(logits), best_(largest(logits)),
      normalizer_(static_cast<double>(best_) + std::log(sum_of_exponentials(logits, best_))) {
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
