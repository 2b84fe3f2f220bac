#include "compiler.h"

#include <algorithm>

namespace llmodel::json_schema {

namespace {

constexpr size_t max_unique_values = 8; // there is a rule for each set of them

} // namespace

void Compiler::add_brackets(const Context &context, RuleId first, bool may_be_empty) {
    const RuleId inside = rules_.add();
    if (may_be_empty) {
        rules_.alternative(inside, Sequence().text("]"));
    }
    rules_.alternative(inside, Sequence().rule(first).rule(texts_.space()).text("]"));
    rules_.alternative(context.rule, Sequence().text("[").rule(texts_.space()).rule(inside));
}

/** Whether more items may come than are described one by one. Where nothing is said of them none do, as in a tuple. */
bool Compiler::open_ended(const Shape &shape, size_t prefix) {
    bool described = prefix == 0 || shape.min_items.value > prefix;
    for (const Schema *part : shape.parts) {
        const Schema *rest = children_.rest_of_items(*part);
        if (rest != nullptr && rest->is(false)) {
            return false;
        }
        described = described || rest != nullptr || part->find("unevaluatedItems") != nullptr;
    }
    return described;
}

void Compiler::add_arrays(const Context &context, const Shape &shape) {
    if (shape.unique_items != nullptr && !(shape.max_items && shape.max_items->value < 2)) {
        add_unique_items(context, shape);
        return;
    }
    size_t prefix = children_.prefix(shape.parts);
    const Schemas rest = children_.of_item(shape, Symbol::unlimited);
    const bool open = open_ended(shape, prefix) && !any_false(rest);
    const size_t least = shape.min_items.value;
    size_t most = shape.max_items ? shape.max_items->value : Symbol::unlimited;
    most = open ? most : std::min(most, prefix);
    prefix = std::min(prefix, most);
    if (const auto wanted = wanted_items(shape)) {
        add_containing(context, shape, *wanted, {prefix, least, most});
        return;
    }
    if (prefix == 0 && rest.empty() && least == 0 && most == Symbol::unlimited) {
        rules_.alternative(context.rule, Sequence().rule(texts_.any_array()));
        return;
    }
    // From the end: what comes after the items so far, and what the next ones are.
    const auto comma = [&] { return Sequence().text(",").rule(texts_.space()); };
    RuleId more = rules_.add();
    RuleId items = rules_.add(); // from here, at least one
    if (most > prefix) {
        const RuleId item = rule_of(rest, context.dispensable);
        const RuleId next = rules_.add(comma().rule(item));
        const auto after = [&](size_t count, size_t from) {
            return count == Symbol::unlimited ? count : count - std::min(count, from);
        };
        rules_.alternative(more, rules_.repeated(next, after(least, prefix), after(most, prefix)));
        rules_.alternative(items, Sequence().rule(item).then(
                                      rules_.repeated(next, after(least, prefix + 1), after(most, prefix + 1))));
    } else if (least <= prefix) {
        rules_.alternative(more, Sequence());
    }
    for (size_t i = prefix; i-- > 0;) {
        const RuleId item = rule_of(children_.of_item(shape, i), context.dispensable);
        items = rules_.add(Sequence().rule(item).rule(more));
        more = rules_.add(comma().rule(items));
        if (least <= i) {
            rules_.alternative(more, Sequence());
        }
    }
    add_brackets(context, items, least == 0);
}

/** Different items can be counted out where they are few values: a rule for each set of those that are left. */
void Compiler::add_unique_items(const Context &context, const Shape &shape) {
    const auto refused = [&](const std::string &why) {
        refuse(*shape.unique_items, "uniqueItems",
               why + "; leave it out, or let the items be an \"enum\" of at most " + std::to_string(max_unique_values) +
                   " values");
    };
    std::vector<std::string> texts;
    std::vector<json> known;
    if (children_.prefix(shape.parts) > 0 || wanted_items(shape)) {
        refused("a grammar cannot compare items");
    }
    for (const Schemas &way : alternatives_.of(children_.of_item(shape, 0))) {
        std::optional<Contradiction> why;
        const Shape item = merge(way, why);
        if (!why && item.values.empty()) {
            refused("a grammar cannot compare items");
        }
        for (const json &value : why ? std::vector<json>() : alternatives_.values(item)) {
            if (std::none_of(known.begin(), known.end(), [&](const json &other) { return same_value(other, value); })) {
                known.push_back(value);
                texts.push_back(value.dump());
            }
        }
    }
    if (texts.size() > max_unique_values) {
        refused("the items can be one of " + std::to_string(texts.size()) + " values");
    }
    const size_t all = size_t{1} << texts.size();
    const auto count = [](size_t set) { return static_cast<size_t>(__builtin_popcountll(set)); };
    std::vector<RuleId> next(all);
    for (size_t used = all; used-- > 0;) {
        next[used] = rules_.add();
        for (size_t i = 0; i < texts.size(); ++i) {
            const size_t now = used | (size_t{1} << i);
            if (now == used) {
                continue;
            }
            Sequence one;
            one.text(texts[i]);
            const RuleId after = rules_.add();
            if (count(now) >= shape.min_items.value) {
                rules_.alternative(after, Sequence());
            }
            if (!shape.max_items || count(now) < shape.max_items->value) {
                rules_.alternative(after, Sequence().text(",").rule(texts_.space()).rule(next[now]));
            }
            rules_.alternative(next[used], one.rule(after));
        }
    }
    if (count(all - 1) < shape.min_items.value) {
        contradict(context, {shape.min_items.from->pointer, "minItems",
                             "there are only " + std::to_string(texts.size()) + " different items", false});
    }
    add_brackets(context, next[0], shape.min_items.value == 0);
}

} // namespace llmodel::json_schema
