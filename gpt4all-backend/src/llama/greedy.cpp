#include "llama/greedy.h"

#include "common.h"
#include "sampling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace llmodel {

namespace {

constexpr size_t lanes = 16; // compared at once, in vector registers
constexpr size_t block = 64 * lanes;

float greatest(std::span<const float> numbers) {
    std::array<float, lanes> best;
    best.fill(-std::numeric_limits<float>::infinity());
    size_t i = 0;
    for (; i + lanes <= numbers.size(); i += lanes) {
        for (size_t lane = 0; lane < lanes; ++lane) {
            best[lane] = numbers[i + lane] > best[lane] ? numbers[i + lane] : best[lane];
        }
    }
    for (; i < numbers.size(); ++i) {
        best[0] = numbers[i] > best[0] ? numbers[i] : best[0];
    }
    return *std::max_element(best.begin(), best.end());
}

/** Whether the likeliest token is taken unless a bias prefers another. The samplers that only leave out what is less
 * likely (top_k, top_p, min_p, top_n_sigma) never leave out the likeliest. */
bool takes_likeliest(const common_params_sampling &params) {
    const bool unpenalised = params.penalty_last_n == 0 ||
                             (params.penalty_repeat == 1.0F && params.penalty_freq == 0 && params.penalty_present == 0);
    bool cold = false; // at a temperature of zero all but the likeliest are dropped
    for (const common_sampler_type sampler : params.samplers) {
        if (sampler == COMMON_SAMPLER_TYPE_INFILL || sampler == COMMON_SAMPLER_TYPE_ADAPTIVE_P) {
            return false;
        }
        cold = cold || sampler == COMMON_SAMPLER_TYPE_TEMPERATURE;
    }
    return cold && params.temp <= 0 && params.dynatemp_range <= 0 && params.mirostat == 0 && params.n_probs == 0 &&
           unpenalised && params.dry_multiplier == 0 && params.typ_p >= 1 && params.xtc_probability <= 0;
}

/** Whether the likeliest token is still that when the biases are added. */
bool biases_agree(std::span<const llama_logit_bias> biases, std::span<const float> logits, llama_token best) {
    return std::ranges::all_of(biases, [&](const llama_logit_bias &bias) {
        const auto token = static_cast<size_t>(bias.token);
        return bias.token != best && token < logits.size() &&
               (bias.bias <= 0 || logits[token] + bias.bias < logits[static_cast<size_t>(best)]);
    });
}

llama_token best_token(const common_params_sampling &params, const llama_vocab *vocab, const float *row) {
    if (!takes_likeliest(params)) {
        return LLAMA_TOKEN_NULL;
    }
    const std::span<const float> logits(row, static_cast<size_t>(llama_vocab_n_tokens(vocab)));
    const llama_token best = likeliest_token(logits);
    int32_t n_suppressed = 0;
    const llama_token *suppressed = llama_vocab_get_suppress_tokens(vocab, &n_suppressed);
    const bool allowed = std::isfinite(logits[static_cast<size_t>(best)]) &&
                         std::find(suppressed, suppressed + n_suppressed, best) == suppressed + n_suppressed;
    return allowed && biases_agree(params.logit_bias, logits, best) ? best : LLAMA_TOKEN_NULL;
}

} // namespace

llama_token likeliest_token(std::span<const float> logits) {
    float best = -std::numeric_limits<float>::infinity();
    size_t begin = 0;
    for (size_t first = 0; first < logits.size(); first += block) {
        const float candidate = greatest(logits.subspan(first, std::min(block, logits.size() - first)));
        if (candidate > best) {
            best = candidate;
            begin = first;
        }
    }
    const auto found = std::find(logits.begin() + static_cast<std::ptrdiff_t>(begin), logits.end(), best);
    return found == logits.end() ? 0 : static_cast<llama_token>(found - logits.begin());
}

void install_greedy_sampling() {
    common_best_token_hook = best_token;
}

} // namespace llmodel
