#pragma once

#include "llama-grammar.h"

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace llmodel {

/** How many values can be written by the rest of a rule, about: alternatives that may begin alike count as one, upper
 *  and lower case and spaces too. What has no end counts as more than any number of items. */
class ItemCounts {
  public:
    explicit ItemCounts(const llama_grammar_rules &rules) : rules_(rules) {}

    /** From an element to the end of its alternative, or to the mark at the end of an item. */
    double from(const llama_grammar_element *at);

  private:
    struct Count {
        double count;
        bool blank; // spaces and new lines alone
    };

    void learn(uint32_t rule);
    Count alternatives(uint32_t rule, std::vector<uint32_t> &missing) const;
    Count product(const llama_grammar_element *at, std::vector<uint32_t> &missing) const;

    const llama_grammar_rules &rules_;
    std::unordered_map<uint32_t, Count> of_rule_;
    std::unordered_map<const llama_grammar_element *, double> from_;
};

/** Whether it is white space of JSON as grammars write it. */
inline bool is_blank(uint32_t c) {
    return c == ' ' || c == '\t' || c == '\n';
}

/** The ranges of the class that begins at an element, and behind it. Nothing if it is no class. */
std::vector<std::pair<uint32_t, uint32_t>> class_at(const llama_grammar_element *&at);

} // namespace llmodel
