#pragma once

#include "llama-grammar.h"

#include <cstddef>
#include <vector>

/** What is done for each token of a vocabulary, apart from the tests, so that it is compiled with optimisation. */
namespace llmodel::test {

/** By the number of the token, for which bits would be slow to compare. */
using Left = std::vector<unsigned char>;

/** Whether the grammar's mask leaves it, of every `step`th from `first` on. */
Left left_by(const llama_grammar &grammar, size_t first, size_t step);

/** What llama.cpp itself does. */
Left left_without_states(const llama_grammar &grammar, size_t first = 0, size_t step = 1);

struct TokensLeft {
    std::vector<llama_token> all;   // but those that end an answer
    std::vector<llama_token> begun; // that end within a code point
};
TokensLeft tokens_left(const llama_grammar &grammar, const Left &left);

} // namespace llmodel::test
