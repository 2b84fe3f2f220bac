#include "grammar/masks.h"

#include "grammar/states.h"
#include "grammar/token_trie.h"
#include "llama-vocab.h"

#include <cmath>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace llmodel {

namespace {

constexpr size_t few = 64; // candidates that are looked at one by one

bool bit(const std::vector<uint64_t> &bits, llama_token token) {
    const auto index = static_cast<size_t>(token);
    return (bits[index / 64] >> (index % 64) & 1U) != 0;
}

void set_bit(std::vector<uint64_t> &bits, llama_token token) {
    const auto index = static_cast<size_t>(token);
    bits[index / 64] |= uint64_t{1} << (index % 64);
}

bool admits_end(const GrammarState &state, llama_partial_utf8 rest) {
    return rest.n_remain == 0 || GrammarStates::reads_beginning(state, rest);
}

void make_mask(GrammarStates &states, const GrammarState &state, const llama_vocab &vocab) {
    const TokenTrie &trie = TokenTrie::of(vocab);
    const auto &nodes = trie.nodes();
    const auto &tokens = trie.tokens();
    std::vector<uint64_t> mask((vocab.n_tokens() + 63) / 64);
    states.keep(mask.size() * sizeof(mask[0]));
    if (state.may_end) {
        for (const llama_token token : trie.ends_of_generation()) {
            set_bit(mask, token);
        }
    }
    std::vector<const GrammarState *> path(trie.depth() + 1);
    path[0] = &state;
    size_t looked_at = 0;
    for (size_t i = 0; i + 1 < nodes.size(); ++looked_at) {
        const TokenTrie::Node &node = nodes[i];
        const GrammarState *&at = path[node.depth];
        at = node.depth == 0 ? &state : states.read(*path[node.depth - 1], node.chr);
        if (at == nullptr) {
            i = node.end;
            continue;
        }
        ++i;
        for (size_t t = node.first_token; t < nodes[i].first_token; ++t) {
            if (admits_end(*at, tokens[t].rest)) {
                set_bit(mask, tokens[t].id);
            }
        }
    }
    if (llama_grammar_hooks.spend != nullptr) {
        llama_grammar_hooks.spend(looked_at);
    }
    state.mask = std::move(mask);
}

bool admits(GrammarStates &states, const GrammarState &state, const llama_vocab &vocab, llama_token token) {
    if (!state.mask.empty()) {
        return bit(state.mask, token);
    }
    const std::string &piece = vocab.token_to_piece(token);
    if (vocab.is_eog(token)) {
        return state.may_end;
    }
    if (piece.empty() || piece[0] == 0) {
        return false;
    }
    const auto [text, rest] = llama_grammar_decode_utf8(piece, {});
    const GrammarState *at = &state;
    for (auto chr = text.begin(); *chr != 0 && at != nullptr; ++chr) {
        at = states.read(*at, *chr);
    }
    return at != nullptr && admits_end(*at, rest);
}

/** Masks by the states of the grammar; false, and nothing is done, if it has none. */
bool mask(const llama_grammar &grammar, llama_token_data_array &candidates) {
    if (!grammar.rules->states) {
        grammar.rules->states = std::make_shared<GrammarStates>(*grammar.rules);
    }
    GrammarStates &states = *static_cast<GrammarStates *>(grammar.rules->states.get());
    if (!states.only_characters() || grammar.partial_utf8.n_remain > 0) {
        return false;
    }
    states.make_room();
    const GrammarState &state = states.at(grammar.stacks);
    if (candidates.size > few && state.mask.empty()) {
        make_mask(states, state, *grammar.vocab);
    }
    for (size_t i = 0; i < candidates.size; ++i) {
        if (!admits(states, state, *grammar.vocab, candidates.data[i].id)) {
            candidates.data[i].logit = -INFINITY;
        }
    }
    return true;
}

} // namespace

void mask_by_states() {
    static std::once_flag once;
    std::call_once(once, [] { llama_grammar_hooks.mask = mask; });
}

} // namespace llmodel
