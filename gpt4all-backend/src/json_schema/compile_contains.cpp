#include "compiler.h"

#include <algorithm>
#include <map>

namespace llmodel::json_schema {

namespace {

constexpr size_t max_counts = 3000; // of items, and of those that are looked for: there is a rule for each pair

} // namespace

/** What an array must contain, if anything; at most one schema can say so. */
std::optional<Compiler::Wanted> Compiler::wanted_items(const Shape &shape) {
    std::optional<Wanted> wanted;
    for (const Schema *part : shape.parts) {
        if (part->find("contains") == nullptr) {
            continue;
        }
        const json *least = part->find("minContains");
        const json *most = part->find("maxContains");
        const Wanted one = {part, least == nullptr ? 1 : count_of(*least),
                            most == nullptr ? Symbol::unlimited : count_of(*most)};
        if (one.least > one.most) {
            refuse(*part, "maxContains", "no array has at least as many items as it must contain and at most as many");
        }
        if (one.least == 0 && one.most == Symbol::unlimited) {
            continue;
        }
        if (wanted) {
            refuse_for_grammar(*part, "contains", "a grammar can look for the items of one \"contains\" only");
        }
        wanted = one;
    }
    return wanted;
}

/** Counts the items, as far as their number matters, and those among them that are looked for. */
void Compiler::add_containing(const Context &context, const Shape &shape, const Wanted &wanted, ItemCounts items) {
    const bool limited = wanted.most != Symbol::unlimited;
    const size_t hits = limited ? wanted.most : wanted.least;
    const size_t counted = std::max({items.least, items.prefix, items.most == Symbol::unlimited ? 0 : items.most});
    if (counted > max_counts || hits > max_counts || (counted + 1) * (hits + 1) > max_counts) {
        refuse_for_grammar(*wanted.from, "contains",
                           "with the limits on the number of items, it is too large for a grammar; use smaller ones");
    }
    const bool unique = shape.unique_items != nullptr && items.most > 1;
    const size_t more = items.prefix > 0 && items.least > 1 ? spare_values : 0;
    UniqueItems different = {shape.unique_items, {}};
    std::map<RuleId, RuleId> wrapped;
    const auto item_of = [&](const Schemas &schemas, size_t needed) {
        const RuleId item = rule_of(schemas, true);
        const auto [found, added] = wrapped.emplace(item, item);
        if (added && unique) {
            different.items.emplace_back(item, needed + more);
            found->second = unique_item(item);
        }
        return found->second;
    };
    const auto comma = [&] { return unique ? Sequence().text(",") : Sequence().text(",").rule(texts_.space()); };
    const Schema &looked_for = document_.child(*wanted.from, "contains");
    std::vector<std::vector<RuleId>> next(counted + 1, std::vector<RuleId>(hits + 1));
    std::vector<std::vector<RuleId>> after = next;
    for (size_t i = 0; i <= counted; ++i) {
        for (size_t k = 0; k <= hits; ++k) {
            next[i][k] = rules_.add();
            after[i][k] = rules_.add();
        }
    }
    for (size_t i = 0; i <= counted; ++i) {
        const Schemas item = children_.of_item(shape, i < items.prefix ? i : Symbol::unlimited);
        Schemas hit = item;
        hit.push_back(&looked_for);
        Schemas miss = item;
        if (limited) {
            miss.push_back(&alternatives_.opposite(looked_for, *wanted.from, "maxContains"));
        }
        const size_t now = std::min(i + 1, counted);
        for (size_t k = 0; k <= hits; ++k) {
            if (i >= items.least && k >= wanted.least) {
                rules_.alternative(after[i][k], Sequence());
            }
            if (i >= items.most) {
                continue;
            }
            rules_.alternative(after[i][k], comma().rule(next[i][k]));
            rules_.alternative(next[i][k],
                               Sequence().rule(item_of(miss, limited ? items.least : 1)).rule(after[now][k]));
            if (k < hits) {
                rules_.alternative(next[i][k], Sequence().rule(item_of(hit, wanted.least)).rule(after[now][k + 1]));
            }
        }
    }
    add_brackets(context, next[0][0], items.least == 0 && wanted.least == 0, unique);
    if (unique) {
        unique_.push_back(std::move(different));
    }
}

} // namespace llmodel::json_schema
