#pragma once

#include "rules.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace llmodel::json_schema {

/**
 * Writes rules for one of some neighbours in a list of names, where each name goes on with a rule of its own.
 *
 * A grammar would follow each of a thousand names that may come next, so they are spelled in tries. Blocks of 2^k names
 * have a trie each, which all stretches of names share that contain the block: n log n in all.
 */
class NameChoices {
  public:
    /** Names as JSON spells them, and what comes after each. */
    NameChoices(Rules &rules, const std::vector<std::pair<std::string, RuleId>> &names);

    /** Gives `rule` the names from `begin` to before `end` as alternatives. */
    void add(RuleId rule, size_t begin, size_t end);

  private:
    using Names = std::vector<std::pair<std::u32string, RuleId>>;

    Sequence spell(Names::const_iterator begin, Names::const_iterator end, size_t from);

    Rules &rules_;
    Names names_;
    std::map<std::pair<size_t, size_t>, RuleId> blocks_;
};

} // namespace llmodel::json_schema
