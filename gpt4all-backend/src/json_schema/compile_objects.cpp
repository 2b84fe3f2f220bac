#include "compiler.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr size_t max_name_patterns = 6; // there is a rule for each set of them that a name can match

bool has(const Schemas &parts, std::string_view keyword) {
    return std::any_of(parts.begin(), parts.end(), [&](const Schema *part) { return part->find(keyword) != nullptr; });
}

} // namespace

/** The texts that "propertyNames" allows. */
Automaton Compiler::allowed_names(const Schema &property_names) {
    Automaton names;
    for (const Schemas &way : alternatives_.of({&property_names})) {
        std::optional<Contradiction> why;
        const Shape shape = merge(way, why);
        if (why || (shape.typed != nullptr && (shape.types & type::string) == 0)) {
            continue;
        }
        if (!shape.values.empty()) {
            const std::vector<json> values = alternatives_.values(shape);
            std::vector<std::string_view> texts;
            for (const json &value : values) {
                if (value.is_string()) {
                    texts.push_back(value.get_ref<const std::string &>());
                }
            }
            names = unite(names, json_schema::texts(texts));
            continue;
        }
        for (const Schema *part : way) {
            check_sayable(*part);
        }
        names = unite(names, languages_.strings(shape));
    }
    return names;
}

/** Names that are not listed, by the patterns that they match. Where nothing is said of them there are none, but in an
 *  object of which nothing is listed. */
std::vector<Compiler::Extra> Compiler::extras(const Shape &shape, const std::vector<std::string> &declared) {
    const Schemas &parts = shape.parts;
    const bool said = has(parts, "patternProperties") || has(parts, "unevaluatedProperties");
    const bool unsaid =
        std::any_of(parts.begin(), parts.end(), [](const Schema *p) { return p->incomplete_contents(); });
    const bool by_default = unsaid || (declared.empty() && !said && !has(parts, "properties"));
    if (!by_default && !said && !has(parts, "additionalProperties")) {
        return {};
    }
    struct Pattern {
        const Schema *part;
        std::string text;
    };
    std::vector<Pattern> patterns;
    Automaton names = any_text();
    const std::vector<std::string_view> listed(declared.begin(), declared.end());
    names = intersection(names, complement(texts(listed)));
    for (const Schema *part : parts) {
        if (part->find("propertyNames") != nullptr) {
            names = intersection(names, allowed_names(document_.child(*part, "propertyNames")));
        }
        if (const json *own = part->find("patternProperties")) {
            for (const auto &[pattern, value] : own->items()) {
                patterns.push_back({part, pattern});
            }
        }
    }
    if (patterns.size() > max_name_patterns) {
        refuse_for_grammar(*patterns[0].part, "patternProperties",
                           "a grammar can be made for at most " + std::to_string(max_name_patterns) +
                               " patterns of names");
    }
    std::vector<Extra> made;
    std::vector<bool> matches(patterns.size());
    const std::function<void(size_t, const Automaton &)> split = [&](size_t next, const Automaton &left) {
        if (left.empty()) {
            return;
        }
        if (next < patterns.size()) {
            const Automaton &pattern =
                languages_.pattern(*patterns[next].part, "patternProperties", patterns[next].text);
            for (const bool match : {true, false}) {
                matches[next] = match;
                split(next + 1, intersection(left, match ? pattern : complement(pattern)));
            }
            return;
        }
        Schemas schemas;
        Schemas describing;
        for (const Schema *part : parts) {
            bool matched = false;
            for (size_t i = 0; i < patterns.size(); ++i) {
                if (matches[i] && patterns[i].part == part) {
                    matched = true;
                    const json &value = part->find("patternProperties")->at(patterns[i].text);
                    schemas.push_back(&document_.child(*part, "patternProperties", patterns[i].text, value));
                }
            }
            const bool additional = !matched && part->find("additionalProperties") != nullptr;
            if (additional) {
                schemas.push_back(&document_.child(*part, "additionalProperties"));
            }
            if (matched || additional) {
                describing.push_back(part);
            }
        }
        const size_t before = schemas.size();
        children_.add_unevaluated(
            shape, "unevaluatedProperties",
            [&](const Schema &part) {
                return std::find(describing.begin(), describing.end(), &part) != describing.end();
            },
            schemas);
        const bool described = by_default || !describing.empty() || schemas.size() > before;
        if (described && !any_false(schemas)) {
            made.push_back({texts_.name(left), rule_of(schemas, true)});
        }
    };
    split(0, names);
    return made;
}

void Compiler::add_objects(const Context &context, const Shape &shape) {
    std::vector<Member> members;
    std::vector<std::string> declared;
    for (const std::string &name : children_.names(shape)) {
        const auto asked = std::find_if(shape.required.begin(), shape.required.end(),
                                        [&](const Limit<std::string> &other) { return other.value == name; });
        const bool required = asked != shape.required.end();
        Schemas schemas = children_.of_property(shape, name);
        bool possible = !any_false(schemas);
        for (const Schema *part : shape.parts) {
            possible = possible && (part->find("propertyNames") == nullptr ||
                                    acceptance_.accepts(document_.child(*part, "propertyNames"), json(name)));
        }
        declared.push_back(name);
        if (possible) {
            members.push_back({name, rule_of(std::move(schemas), context.dispensable), required});
        } else if (required) {
            contradict(context,
                       {asked->from->pointer, "required",
                        "the property " + json(name).dump() + " is required, and nothing is valid for it", false});
            return;
        }
    }
    const bool free = declared.empty() && shape.min_properties.value == 0 && !shape.max_properties;
    if (free && std::none_of(shape.parts.begin(), shape.parts.end(),
                             [](const Schema *part) { return (types_meant(*part) & type::object) != 0; })) {
        rules_.alternative(context.rule, Sequence().rule(texts_.any_object()));
        return;
    }
    write_members(context.rule, shape, members, extras(shape, declared));
}

} // namespace llmodel::json_schema
