#include "grammar_masks.h"

#include "llama-vocab.h"

#include <cmath>
#include <string>
#include <utility>

namespace llmodel::test {

Left left_by(const llama_grammar &grammar, size_t first, size_t step) {
    std::vector<llama_token_data> data;
    const auto count = static_cast<size_t>(llama_vocab_n_tokens(grammar.vocab));
    data.reserve(count / step + 1);
    for (size_t i = first; i < count; i += step) {
        data.push_back({static_cast<llama_token>(i), 0, 0});
    }
    llama_token_data_array candidates = {data.data(), data.size(), -1, false};
    llama_grammar_apply_impl(grammar, &candidates);
    Left left(count);
    for (const llama_token_data &one : data) {
        left[static_cast<size_t>(one.id)] = std::isinf(one.logit) ? 0 : 1;
    }
    return left;
}

Left left_without_states(const llama_grammar &grammar, size_t first, size_t step) {
    const auto hook = std::exchange(llama_grammar_hooks.mask, nullptr);
    Left left = left_by(grammar, first, step);
    llama_grammar_hooks.mask = hook;
    return left;
}

TokensLeft tokens_left(const llama_grammar &grammar, const Left &left) {
    TokensLeft found;
    for (size_t i = 0; i < left.size(); ++i) {
        const auto token = static_cast<llama_token>(i);
        if (left[i] != 0 && !grammar.vocab->is_eog(token)) {
            found.all.push_back(token);
            const std::string &piece = grammar.vocab->token_to_piece(token);
            if (llama_grammar_decode_utf8(piece, grammar.partial_utf8).second.n_remain > 0) {
                found.begun.push_back(token);
            }
        }
    }
    return found;
}

} // namespace llmodel::test
