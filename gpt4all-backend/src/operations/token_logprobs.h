#pragma once

#include "json/parse.h"
#include "llama.h"
#include "server-task.h"

#include <cstddef>
#include <string>
#include <vector>

namespace llmodel {

/** How probable the tokens of one answer were, in OpenAI's form, and which part of its text each of them is. */
class TokenLogprobs {
  public:
    /** top: how many alternatives to give for each token. */
    TokenLogprobs(const llama_vocab *vocab, int top) : vocab_(vocab), top_(top) {}

    /** post_sampling: they are probabilities after the filters. */
    void add(const std::vector<completion_token_output> &tokens, bool post_sampling);

    /** The text ends here, as what follows is a stop text: its tokens are no part of the answer. */
    void cut(size_t text_end);

    /** Those whose text ends within so many bytes and that were not taken yet. */
    json take(size_t text_end);

    /** All that were not taken yet. */
    json take_rest();

    /** All of them. */
    const json &all() const { return entries_; }

  private:
    json take_until(size_t count);

    const llama_vocab *vocab_;
    int top_;
    json entries_ = json::array();
    std::vector<size_t> ends_; // of each token, in the generated text
    size_t taken_ = 0;
};

} // namespace llmodel
