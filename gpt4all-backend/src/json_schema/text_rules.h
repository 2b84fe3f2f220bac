#pragma once

#include "automaton.h"
#include "error.h"
#include "rules.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace llmodel::json_schema {

/**
 * Writes rules for what JSON consists of, each once. Or for what is like JSON, where there is a `quote`: strings stand
 * between it as they are, without escapes, and names of members with no quotes, up to a colon; there are no spaces.
 */
class TextRules {
  public:
    TextRules(Rules &rules, const std::string &quote);

    /** The automaton's texts as they are. */
    RuleId plain(const Automaton &automaton);
    /** The automaton's texts as JSON strings. Only what must be escaped is, so that a text has no second spelling. */
    RuleId string(const Automaton &automaton);
    /** One of these texts. */
    RuleId one_of(const std::vector<std::string> &texts);

    /** A value as it is written; nothing if it cannot be. */
    std::optional<std::string> spelled(const json &value) const;
    /** What of an automaton's texts can be written in a string. */
    Automaton writable(const Automaton &automaton) const;
    /** The name of a member, and the automaton's texts as such, each followed by colon(). */
    std::optional<std::string> name(const std::string &text) const;
    RuleId name(const Automaton &automaton);
    Sequence colon();
    /** Whether this is JSON itself. */
    bool json_itself() const { return !inside_; }

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
    std::string quote_ = "\"";
    std::optional<Automaton> inside_; // of a string
    std::optional<Automaton> names_;
    std::map<std::string, RuleId> named_;
    std::map<CharSet, RuleId> characters_;
    std::multimap<size_t, std::pair<Automaton, RuleId>> strings_; // by the number of states
};

} // namespace llmodel::json_schema
