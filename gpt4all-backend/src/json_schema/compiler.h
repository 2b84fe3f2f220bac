#pragma once

#include "alternatives.h"
#include "compile.h"
#include "text_rules.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace llmodel::json_schema {

/** Makes the rules for what schemas say together. */
class Compiler {
  public:
    Compiler(const json &document, SchemaUse use, const LeftOut &left_out)
        : use_(std::move(use)), document_(document, &left_out), acceptance_(document_, languages_),
          children_(document_, languages_), alternatives_(document_, languages_, acceptance_, children_),
          texts_(rules_, use_.quote) {}

    /** All names begin with `prefix`. */
    GrammarRules compile(const std::string &prefix);

  private:
    /** Rules that are still to be written: those of values that satisfy all of the schemas. */
    struct Task {
        RuleId rule;
        Schemas schemas;
        bool dispensable; // one of several alternatives: that nothing satisfies it is no mistake
    };
    /** What is known of the rule that is being written. */
    struct Context {
        RuleId rule;
        bool dispensable;
    };
    struct Member {
        std::string name;
        RuleId value;
        bool required;
    };
    /** How many members there may be, as far as it matters: so many numbers of them are told apart. */
    struct MemberCounts {
        size_t least = 0;
        size_t most = Symbol::unlimited;
        size_t counts = 1;

        size_t left(size_t count) const { return most == Symbol::unlimited ? most : most - std::min(count, most); }
    };
    /** Items that an array must contain. */
    struct Wanted {
        const Schema *from;
        size_t least;
        size_t most;
    };
    struct ItemCounts {
        size_t prefix; // described one by one
        size_t least;
        size_t most;
    };
    /** Items that must be different, and of how many values each must have the choice. */
    struct UniqueItems {
        const Schema *from;
        std::vector<std::pair<RuleId, size_t>> items;
    };
    static constexpr size_t spare_values = 1000; // so that one is left, whatever other items are
    struct Extra {                               // members whose names are not listed
        RuleId key;
        RuleId value;
    };

    RuleId rule_of(Schemas schemas, bool dispensable);
    void write(const Task &task);
    void write_way(const Context &context, const Schemas &parts, const Reach &reach);
    void contradict(const Context &context, const Contradiction &why);

    void add_values(const Context &context, const Shape &shape);
    void add_numbers(const Context &context, const Shape &shape);
    void add_strings(const Context &context, const Shape &shape);
    void check_end(const Shape &shape, const Automaton &language) const;

    void add_arrays(const Context &context, const Shape &shape);
    RuleId unique_item(RuleId item);
    void check_unique();
    static std::optional<Wanted> wanted_items(const Shape &shape);
    void add_containing(const Context &context, const Shape &shape, const Wanted &wanted, ItemCounts items);
    bool open_ended(const Shape &shape, size_t prefix);
    /** An array whose first item, or a "]" at once, is what `first` and `may_be_empty` say. */
    void add_brackets(const Context &context, RuleId first, bool may_be_empty, bool unique);

    void add_objects(const Context &context, const Shape &shape);
    std::vector<Extra> extras(const Shape &shape, const std::vector<std::string> &declared);
    Automaton allowed_names(const Schema &property_names);
    static MemberCounts member_counts(const Shape &shape, const std::vector<Member> &members, bool others);
    void write_members(RuleId rule, const Shape &shape, const std::vector<Member> &members,
                       const std::vector<Extra> &extras);

    SchemaUse use_;
    std::optional<Automaton> raw_;
    Document document_;
    Languages languages_;
    Acceptance acceptance_;
    Children children_;
    Alternatives alternatives_;
    Rules rules_;
    TextRules texts_;
    std::map<Schemas, RuleId> known_;
    std::deque<Task> tasks_;
    std::vector<UniqueItems> unique_;
    std::optional<Contradiction> contradiction_; // the first that was passed over
};

} // namespace llmodel::json_schema
