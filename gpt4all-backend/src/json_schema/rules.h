#pragma once

#include "char_set.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmodel::json_schema {

using RuleId = size_t;

/** A part of a rule: a text, a character of a class, or what another rule says; perhaps several times. Or a mark. */
struct Symbol {
    enum class Kind { text, set, rule, mark };
    static constexpr size_t unlimited = ~size_t{0};

    Kind kind;
    std::string text;
    CharSet set;
    RuleId rule = 0;
    size_t least = 1;
    size_t most = 1;
    uint32_t mark = 0; // of grammar/marks.h
};

/** Symbols one after another. */
class Sequence {
  public:
    Sequence &text(std::string_view text);
    Sequence &set(CharSet set, size_t least = 1, size_t most = 1);
    Sequence &rule(RuleId rule, size_t least = 1, size_t most = 1);
    Sequence &mark(uint32_t mark);
    Sequence &then(const Sequence &other);

    const std::vector<Symbol> &symbols() const { return symbols_; }

  private:
    friend class Rules;
    std::vector<Symbol> symbols_;
};

/** A grammar under construction. Its rules have numbers for names, so that no two are the same. */
class Rules {
  public:
    RuleId add() {
        rules_.emplace_back();
        return rules_.size() - 1;
    }
    RuleId add(Sequence sequence) {
        const RuleId rule = add();
        alternative(rule, std::move(sequence));
        return rule;
    }
    /** A rule without any alternative admits no text. */
    void alternative(RuleId rule, Sequence sequence) { rules_[rule].push_back(std::move(sequence)); }

    size_t size() const { return rules_.size(); }

    /** How many texts a rule has, not counting spaces outside of strings; at most `endless`. After prune(). */
    size_t count(RuleId rule, RuleId space) const;
    static constexpr size_t endless = size_t{1} << 40;

    /** What a rule says, `least` to `most` times, in few rules however large the counts are. */
    Sequence repeated(RuleId rule, size_t least, size_t most);

    /** Leaves out everything that matches no text. Returns whether anything is left of `root`. */
    bool prune(RuleId root);
    /** The rules that `root` needs, itself first, with names that begin with `prefix`. Throws TooLarge. */
    std::vector<std::pair<std::string, std::string>> gbnf(RuleId root, const std::string &prefix) const;

  private:
    RuleId up_to(RuleId rule, size_t most);
    RuleId power(RuleId rule, size_t exponent);

    std::vector<std::vector<Sequence>> rules_;
    std::vector<std::pair<std::pair<RuleId, size_t>, RuleId>> powers_;
    std::vector<std::pair<std::pair<RuleId, size_t>, RuleId>> up_to_;
};

} // namespace llmodel::json_schema
