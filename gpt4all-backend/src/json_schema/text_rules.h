#pragma once

#include "automaton.h"
#include "rules.h"

#include <map>

namespace llmodel::json_schema {

/** Writes rules for what JSON consists of, each once. */
class TextRules {
  public:
    explicit TextRules(Rules &rules) : rules_(rules) {}

    /** The automaton's texts as they are. */
    RuleId plain(const Automaton &automaton);
    /** The automaton's texts as JSON strings. Only what must be escaped is, so that a text has no second spelling. */
    RuleId string(const Automaton &automaton);
    /** One of these texts. */
    RuleId one_of(const std::vector<std::string> &texts);

    /** What may stand between the tokens of JSON: nothing, a space, or new lines with an indentation. */
    RuleId space();
    /** Any string, with all of JSON's escapes, and one character of it. */
    RuleId any_string();
    RuleId any_character();
    RuleId any_integer();
    RuleId any_number();
    RuleId any_object();
    RuleId any_array();
    RuleId any_value();

  private:
    friend class AutomatonWriter;

    RuleId character(const CharSet &set);
    template<typename Fill> RuleId once(const char *name, const Fill &fill);

    Rules &rules_;
    std::map<std::string, RuleId> named_;
    std::map<CharSet, RuleId> characters_;
    std::multimap<size_t, std::pair<Automaton, RuleId>> strings_; // by the number of states
};

} // namespace llmodel::json_schema
