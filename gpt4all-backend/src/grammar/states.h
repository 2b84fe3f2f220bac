#pragma once

#include "llama-grammar.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

namespace llmodel {

/** A stack of llama.cpp's, of which each that goes on alike shares the part that is alike. */
struct StackCell {
    const llama_grammar_element *element; // on top; null where the stack is empty
    const StackCell *below;
    // Once it was asked for: the stacks whose top is a character that it turns into, if its own is a rule.
    mutable std::vector<const StackCell *> advanced;
    mutable bool is_advanced = false;
};

/** All ways to read a text so far. Two texts that can be gone on with in the same ways lead to the same state. */
struct GrammarState {
    struct Range {
        uint32_t first; // up to the next range's: all of these are read alike
        const GrammarState *next;
        bool known;
    };

    std::vector<const StackCell *> stacks; // in the order of their addresses
    bool may_end;
    mutable std::vector<Range> ranges;
    mutable std::array<const GrammarState *, 128> ascii; // what of the ranges is known
    mutable std::vector<uint64_t> mask;                  // a bit for each token of the vocabulary that is admitted
};

/** The states of a grammar, made as texts come to them. Belongs to its rules, which clones share: a grammar and its
 *  clones must not be used on several threads at once. */
class GrammarStates {
  public:
    explicit GrammarStates(const llama_grammar_rules &rules);
    GrammarStates(const GrammarStates &) = delete;
    GrammarStates &operator=(const GrammarStates &) = delete;

    /** Whether all that it reads are characters, which it tells apart. Tokens by their numbers and marks it doesn't. */
    bool only_characters() const { return only_characters_; }

    const GrammarState &at(const llama_grammar_stacks &stacks);
    /** Behind one more code point; null if none of the ways go on with it. */
    const GrammarState *read(const GrammarState &state, uint32_t chr) {
        const GrammarState *next = chr < state.ascii.size() ? state.ascii[chr] : &unknown_;
        return next == &unknown_ ? look_up(state, chr) : next;
    }
    /** Whether some code point that begins so may come next. */
    static bool reads_beginning(const GrammarState &state, llama_partial_utf8 beginning);

    /** Counts what is kept for a state besides, and charges it. */
    void keep(size_t bytes);
    /** Forgets all states if they take more memory than is worth keeping. */
    void make_room();

  private:
    struct Hash {
        template<typename Key> size_t operator()(const Key &key) const;
    };
    using Top = std::pair<const llama_grammar_element *, const StackCell *>;

    const GrammarState *look_up(const GrammarState &state, uint32_t chr);
    const GrammarState *next_of(const GrammarState &state, uint32_t chr);
    void divide(const GrammarState &state);
    const GrammarState *state_of(std::vector<const StackCell *> stacks);
    const StackCell *cell(const llama_grammar_element *element, const StackCell *below);
    const StackCell *push_rest(const llama_grammar_element *rest, const StackCell *below);
    const std::vector<const StackCell *> &advanced(const StackCell *stack);

    const llama_grammar_rules &rules_;
    const StackCell empty_{nullptr, nullptr, {}, false};
    const GrammarState unknown_{{}, false, {}, {}, {}};
    bool only_characters_;
    size_t kept_bytes_ = 0;
    std::deque<StackCell> cells_;
    std::deque<GrammarState> states_;
    std::unordered_map<Top, const StackCell *, Hash> cell_of_;
    std::unordered_map<std::vector<const StackCell *>, const GrammarState *, Hash> state_of_;
};

} // namespace llmodel
