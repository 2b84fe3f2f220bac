#pragma once

#include "grammar/item_counts.h"
#include "llama-grammar.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace llmodel {

/** The items of an array so far, by their numbers. Two of the same items in the same order are the same object. */
struct SeenItems {
    const SeenItems *before; // null at the first
    size_t value;
    size_t count;
};

/** What a way to read a text knows of an array whose items must be different. It lies on llama.cpp's stack in the guise
 *  of an element of a rule; two that know the same are the same object, so that equal stacks stay equal. */
struct ArrayMark : llama_grammar_element {
    enum class State {
        between, // items
        inside,  // an item whose text is known: the characters from here back
        blurred, // an item whose text is not known, since many are looked at together
        lost,    // behind such an item: whether it was a new one depends
    };

    ArrayMark(State its_state, const SeenItems *items, const ArrayMark *behind, uint32_t c);

    State state;
    const SeenItems *seen; // null if there are none
    const ArrayMark *before;
    uint32_t chr;
    bool in_string = false; // of JSON
    bool escaped = false;   // the next character, within one

    size_t count() const { return seen == nullptr ? 0 : seen->count; }
};

/** Follows the arrays of a grammar with marks. Belongs to its rules, which clones share: a grammar and its clones must
 *  not be used on several threads at once. */
class UniqueItems {
  public:
    explicit UniqueItems(const llama_grammar_rules &rules) : rules_(rules), counts_(rules) {}

    /** Takes the mark at the top of a stack. False if it stays there, or if nothing can: the stack is then empty. */
    bool pass(llama_grammar_stack &stack);
    /** A character was read; 0 for any. */
    void read(uint32_t chr, llama_grammar_stack &stack);
    /** Whether something new can still be written as the item that each array is in. */
    bool admit(const llama_grammar_stack &stack);
    /** Whether that, or whether the items so far are different, depends on characters that are not known. */
    bool doubtful(const llama_grammar_stack &stack);
    /** What is made from here on is forgotten at the end of the trial. */
    void trial(bool begins);

  private:
    struct Made {
        size_t marks;
        size_t seen;
        size_t values;
    };
    using MarkKey = std::tuple<ArrayMark::State, const SeenItems *, const ArrayMark *, uint32_t>;
    using SeenKey = std::pair<const SeenItems *, size_t>;

    const ArrayMark *make(ArrayMark::State state, const SeenItems *seen, const ArrayMark *before = nullptr,
                          uint32_t chr = 0);
    /** The mark behind an item, or null if an equal one came before. */
    const ArrayMark *end_item(const ArrayMark &mark);
    bool leave(llama_grammar_stack &stack);
    const SeenItems *add(const SeenItems *before, size_t value);
    bool few(const llama_grammar_stack &stack, size_t array);
    bool can_end(const llama_grammar_stack &stack, size_t array);
    Made made() const { return {marks_.size(), seen_.size(), values_.size()}; }
    void forget(const Made &after);

    const llama_grammar_rules &rules_;
    ItemCounts counts_;
    std::deque<std::pair<ArrayMark, MarkKey>> marks_;
    std::deque<std::pair<SeenItems, SeenKey>> seen_;
    std::deque<std::string> values_;
    std::map<MarkKey, const ArrayMark *> mark_of_;
    std::map<SeenKey, const SeenItems *> seen_of_;
    std::unordered_map<std::string, size_t> value_of_;
    Made before_trial_ = {};
    bool looking_ahead_ = false;
};

} // namespace llmodel
