#include "compiler.h"
#include "grammar/marks.h"

#include <algorithm>

namespace llmodel::json_schema {

void Compiler::add_brackets(const Context &context, RuleId first, bool may_be_empty, bool unique) {
    const RuleId inside = rules_.add();
    Sequence space = Sequence().rule(texts_.space());
    if (may_be_empty) {
        rules_.alternative(inside, Sequence().rule(texts_.space(), unique ? 1 : 0, unique ? 1 : 0).text("]"));
    }
    rules_.alternative(inside, Sequence().rule(first).rule(texts_.space()).text("]"));
    Sequence begin = unique ? Sequence().mark(mark::array) : space; // which belongs to the first of unique items
    rules_.alternative(context.rule, Sequence().text("[").then(begin.rule(inside)));
}

/** Whether more items may come than are described one by one. Where nothing is said of them none do, as in a tuple. */
bool Compiler::open_ended(const Shape &shape, size_t prefix) {
    bool described = prefix == 0 || shape.min_items.value > prefix;
    for (const Schema *part : shape.parts) {
        const Schema *rest = children_.rest_of_items(*part);
        if (rest != nullptr && rest->is(false)) {
            return false;
        }
        described =
            described || rest != nullptr || part->find("unevaluatedItems") != nullptr || part->incomplete_contents();
    }
    return described;
}

void Compiler::add_arrays(const Context &context, const Shape &shape) {
    size_t prefix = children_.prefix(shape.parts);
    const Schemas rest = children_.of_item(shape, Symbol::unlimited);
    const bool open = open_ended(shape, prefix) && !any_false(rest);
    const size_t least = shape.min_items.value;
    size_t most = shape.max_items ? shape.max_items->value : Symbol::unlimited;
    most = open ? most : std::min(most, prefix);
    prefix = std::min(prefix, most);
    const bool unique = shape.unique_items != nullptr && most > 1;
    if (unique && !texts_.json_itself()) {
        refuse_for_grammar(*shape.unique_items, "uniqueItems",
                           "in the format of the model's chat template, a grammar cannot compare items");
    }
    if (const auto wanted = wanted_items(shape)) {
        add_containing(context, shape, *wanted, {prefix, least, most});
        return;
    }
    if (prefix == 0 && rest.empty() && least == 0 && most == Symbol::unlimited && !unique) {
        rules_.alternative(context.rule, Sequence().rule(texts_.any_array()));
        return;
    }
    UniqueItems different = {shape.unique_items, {}};
    const auto item_of = [&](const Schemas &schemas, size_t needed) {
        const RuleId item = rule_of(schemas, context.dispensable);
        different.items.emplace_back(item, needed);
        return unique ? unique_item(item) : item;
    };
    // From the end: what comes after the items so far, and what the next ones are.
    const auto comma = [&] { return unique ? Sequence().text(",") : Sequence().text(",").rule(texts_.space()); };
    RuleId more = rules_.add();
    RuleId items = rules_.add(); // from here, at least one
    if (most > prefix) {
        const RuleId item = item_of(rest, least <= prefix ? 1 : prefix == 0 ? least : least + spare_values);
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
        const RuleId item = item_of(children_.of_item(shape, i), least < 2 ? 1 : i == 0 ? 1 : least + spare_values);
        items = rules_.add(Sequence().rule(item).rule(more));
        more = rules_.add(comma().rule(items));
        if (least <= i) {
            rules_.alternative(more, Sequence());
        }
    }
    add_brackets(context, items, least == 0, unique);
    if (unique) {
        unique_.push_back(std::move(different));
    }
}

/** An item, and the space before it, between marks, by which one that is equal to another is refused: before the space,
 *  so that none is written where no other item is left. */
RuleId Compiler::unique_item(RuleId item) {
    const RuleId spaced = rules_.add(Sequence().rule(texts_.space()).rule(item));
    return rules_.add(Sequence().mark(mark::begin).rule(spaced).mark(mark::end));
}

/** Refuses arrays that must have more different items than there are: a text would come to no end. */
void Compiler::check_unique() {
    for (const UniqueItems &array : unique_) {
        for (size_t i = 0; i < array.items.size(); ++i) {
            const auto &[item, needed] = array.items[i];
            const size_t there_are = rules_.count(item, texts_.space());
            if (there_are < needed) {
                refuse(*array.from, "uniqueItems",
                       "there are only " + std::to_string(there_are) + " different items, and there must be " +
                           std::to_string(needed));
            }
        }
    }
}

} // namespace llmodel::json_schema
