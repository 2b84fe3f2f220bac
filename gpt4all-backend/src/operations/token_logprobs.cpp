#include "operations/token_logprobs.h"

#include "tokens/utf8_stream.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace llmodel {

namespace {

json bytes_of(const std::string &piece) {
    json bytes = json::array();
    for (const char byte : piece) {
        bytes.push_back(static_cast<unsigned char>(byte));
    }
    return bytes;
}

std::string valid_utf8(const std::string &bytes) {
    Utf8Stream stream;
    std::string text = stream.push(bytes);
    return text + stream.finish();
}

/** OpenAI's form of one token; `probability` becomes "prob" where it was taken after sampling. */
json token_json(const llama_vocab *vocab, llama_token token, float probability, bool post_sampling) {
    const std::string piece = common_token_to_piece(vocab, token, true);
    // JSON has no infinity: the lowest finite float stands for the logarithm of 0
    const float logarithm = probability > 0 ? std::log(probability) : std::numeric_limits<float>::lowest();
    return {{"id", token},
            {"token", valid_utf8(piece)},
            {"bytes", bytes_of(piece)},
            {post_sampling ? "prob" : "logprob", post_sampling ? probability : logarithm}};
}

} // namespace

void TokenLogprobs::add(const std::vector<completion_token_output> &tokens, bool post_sampling) {
    for (const completion_token_output &token : tokens) {
        json entry = token_json(vocab_, token.tok, token.prob, post_sampling);
        json top = json::array();
        for (const auto &alternative : token.probs) {
            if (top.size() < static_cast<size_t>(top_)) {
                top.push_back(token_json(vocab_, alternative.tok, alternative.prob, post_sampling));
            }
        }
        entry[post_sampling ? "top_probs" : "top_logprobs"] = std::move(top);
        entries_.push_back(std::move(entry));
        ends_.push_back(token.text_end);
    }
}

void TokenLogprobs::cut(size_t text_end) {
    size_t count = 0;
    size_t begin = 0;
    while (count < ends_.size() && begin < text_end) {
        begin = ends_[count++];
    }
    ends_.resize(count);
    entries_.erase(entries_.begin() + static_cast<json::difference_type>(count), entries_.end());
}

json TokenLogprobs::take(size_t text_end) {
    auto count = static_cast<size_t>(std::ranges::upper_bound(ends_, text_end) - ends_.begin());
    // What has no text waits for what follows: it may belong to a stop text.
    while (count > taken_ && ends_[count - 1] == (count == 1 ? 0 : ends_[count - 2])) {
        --count;
    }
    return take_until(std::max(taken_, count));
}

json TokenLogprobs::take_rest() {
    return take_until(entries_.size());
}

json TokenLogprobs::take_until(size_t count) {
    json taken = json::array();
    for (; taken_ < count; ++taken_) {
        taken.push_back(entries_[taken_]);
    }
    return taken;
}

} // namespace llmodel
