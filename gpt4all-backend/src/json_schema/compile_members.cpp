#include "compiler.h"
#include "json/utf8.h"
#include "name_choices.h"

#include <algorithm>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr size_t max_places = 200000;

} // namespace

Compiler::MemberCounts Compiler::member_counts(const Shape &shape, const std::vector<Member> &members, bool others) {
    const auto required = static_cast<size_t>(
        std::count_if(members.begin(), members.end(), [](const Member &member) { return member.required; }));
    MemberCounts made;
    made.least = shape.min_properties.value <= required ? 0 : shape.min_properties.value;
    const size_t listed = members.size() + (others ? 1 : 0); // the others might all have one name
    if (made.least > listed) {
        refuse_for_grammar(*shape.min_properties.from, "minProperties",
                           "a grammar cannot count names that are not listed; use at most " + std::to_string(listed) +
                               ", or list names in \"properties\"");
    }
    const bool limited = shape.max_properties && (others || shape.max_properties->value < members.size());
    made.most = limited ? shape.max_properties->value : Symbol::unlimited;
    made.counts = (limited ? std::min(made.most, members.size() + 1) : made.least) + 1;
    if (made.counts * (members.size() + 1) > max_places) {
        refuse_for_grammar(limited ? *shape.max_properties->from : *shape.min_properties.from,
                           limited ? "maxProperties" : "minProperties",
                           "it is too large for a grammar beside " + std::to_string(members.size()) + " properties");
    }
    return made;
}

/**
 * The members in order, then the others. For each place among them and, if it matters, each number of members so far:
 * the rule `next` for at least one more, and `rest` for what may follow one.
 */
void Compiler::write_members(RuleId rule, const Shape &shape, const std::vector<Member> &members,
                             const std::vector<Extra> &extras) {
    const MemberCounts may = member_counts(shape, members, !extras.empty());
    const auto comma = [&] { return Sequence().text(",").rule(texts_.space()); };

    std::vector<RuleId> next(may.counts);
    std::vector<RuleId> rest(may.counts);
    RuleId extra = 0;
    RuleId more_extra = 0;
    if (!extras.empty()) {
        extra = rules_.add();
        for (const Extra &other : extras) {
            rules_.alternative(extra, Sequence().rule(other.key).then(texts_.colon()).rule(other.value));
        }
        more_extra = rules_.add(comma().rule(extra));
    }
    for (size_t count = 0; count < may.counts; ++count) {
        next[count] = rules_.add();
        rest[count] = rules_.add();
        if (!extras.empty() && may.left(count) > 0 && count + 1 >= may.least) {
            rules_.alternative(next[count],
                               Sequence().rule(extra).then(rules_.repeated(more_extra, 0, may.left(count + 1))));
            const size_t needed = count >= may.least ? 0 : 1;
            rules_.alternative(rest[count], rules_.repeated(more_extra, needed, may.left(count)));
        } else if (count >= may.least) {
            rules_.alternative(rest[count], Sequence());
        }
    }
    const RuleId others = next[0];
    std::vector<std::pair<std::string, RuleId>> names; // and what comes after each
    names.reserve(members.size());
    for (const Member &member : members) {
        const auto written = texts_.name(member.name);
        if (!written) {
            refuse_for_grammar(*shape.parts[0], "properties",
                               "in the format of the model's chat template, no member can have the name " +
                                   quote(member.name));
        }
        names.emplace_back(*written, rules_.add());
    }
    NameChoices choices(rules_, names);
    size_t end = members.size(); // behind the next one that is required
    bool may_end = true;         // there is none
    for (size_t i = members.size(); i-- > 0;) {
        const Member &member = members[i];
        may_end = may_end && !member.required;
        end = member.required ? i + 1 : end;
        std::vector<RuleId> from(may.counts);
        std::vector<RuleId> after(may.counts);
        for (size_t count = may.counts; count-- > 0;) {
            from[count] = rules_.add();
            after[count] = rules_.add();
            const size_t then = std::min(count + 1, may.counts - 1);
            if (may.counts == 1 && may.left(0) > 0) {
                rules_.alternative(names[i].second, texts_.colon().rule(member.value).rule(rest[then]));
                choices.add(from[count], i, end);
                if (may_end) {
                    rules_.alternative(from[count], Sequence().rule(others));
                }
            } else {
                if (may.left(count) > 0) {
                    rules_.alternative(
                        from[count],
                        Sequence().text(names[i].first).then(texts_.colon()).rule(member.value).rule(rest[then]));
                }
                if (!member.required) {
                    rules_.alternative(from[count], Sequence().rule(next[count]));
                }
            }
            rules_.alternative(after[count], comma().rule(from[count]));
            if (may_end && count >= may.least) {
                rules_.alternative(after[count], Sequence());
            }
        }
        next = std::move(from);
        rest = std::move(after);
    }
    const RuleId inside = rules_.add();
    if (may_end && may.least == 0) {
        rules_.alternative(inside, Sequence().text("}"));
    }
    rules_.alternative(inside, Sequence().rule(next[0]).rule(texts_.space()).text("}"));
    rules_.alternative(rule, Sequence().text("{").rule(texts_.space()).rule(inside));
}

} // namespace llmodel::json_schema
