#pragma once

#include "automaton.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace llmodel::json_schema {

/** A pattern that is not ECMA-262's, or that no finite automaton can match. */
class PatternError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Regex;
using RegexPtr = std::shared_ptr<const Regex>;

/** A regular expression as a tree. */
struct Regex {
    enum class Kind { set, sequence, choice, repeat, begin, end, ahead, not_ahead };
    static constexpr size_t unlimited = ~size_t{0};

    Kind kind;
    CharSet set;                 // one of these characters
    std::vector<RegexPtr> parts; // of a sequence or choice; the one that is repeated or looked for
    size_t least = 0;            // of a repetition
    size_t most = 0;
};

/** Parses ECMA-262's syntax, by code points as with its flag "u". Throws PatternError. */
RegexPtr parse_regex(std::string_view pattern);

/** The texts in which the expression is found somewhere. Throws PatternError, TooLarge. */
Automaton search_language(const RegexPtr &regex);

/** The texts in which the pattern is found somewhere. Throws PatternError, TooLarge. */
Automaton pattern_language(std::string_view pattern);

} // namespace llmodel::json_schema
