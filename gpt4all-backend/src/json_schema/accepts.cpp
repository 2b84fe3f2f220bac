#include "accepts.h"

#include "formats.h"
#include "json/utf8.h"

#include <algorithm>

namespace llmodel::json_schema {

namespace {

constexpr int deepest_acceptance = 300;

uint8_t type_of(const json &value) {
    switch (value.type()) {
    case json::value_t::null:
        return type::null;
    case json::value_t::boolean:
        return type::boolean;
    case json::value_t::string:
        return type::string;
    case json::value_t::array:
        return type::array;
    case json::value_t::object:
        return type::object;
    default:
        return decimal_of(value).integral() ? type::integer : type::fraction;
    }
}

bool in(size_t count, const Schema &schema, const char *least, const char *most) {
    const json *lower = schema.find(least);
    const json *upper = schema.find(most);
    return (lower == nullptr || count >= count_of(*lower)) && (upper == nullptr || count <= count_of(*upper));
}

} // namespace

std::string canonical(const json &value) {
    if (value.is_number()) {
        return decimal_of(value).text();
    }
    if (!value.is_structured()) {
        return value.dump();
    }
    std::vector<std::string> parts;
    for (const auto &[key, inner] : value.items()) {
        parts.push_back(value.is_object() ? json(key).dump() + ":" + canonical(inner) : canonical(inner));
    }
    if (value.is_object()) {
        std::sort(parts.begin(), parts.end());
    }
    std::string text;
    for (const std::string &part : parts) {
        text += (text.empty() ? "" : ",") + part;
    }
    return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

bool same_value(const json &a, const json &b) {
    return canonical(a) == canonical(b);
}

const std::unordered_set<std::string> &Acceptance::listed(const Schema &schema, const json &values) {
    const auto [found, added] = listed_.try_emplace(&schema);
    if (added) {
        for (const json &value : values) {
            found->second.insert(canonical(value));
        }
    }
    return found->second;
}

bool Acceptance::accepts(const Schema &schema, const json &value) {
    if (schema.value.is_boolean()) {
        return schema.is(true);
    }
    if (++depth_ > deepest_acceptance) {
        refuse(schema, "$ref", "it refers to itself endlessly");
    }
    const auto whole = [&](const char *keyword, auto holds) {
        const json *list = schema.find(keyword);
        return list == nullptr || holds(matching(schema, keyword, value), list->size());
    };
    const bool accepted = accepts_directly(schema, value) && accepts_targets(schema, value) &&
                          (document_.linked(schema) == nullptr || accepts(*document_.linked(schema), value)) &&
                          whole("allOf", [](size_t count, size_t all) { return count == all; }) &&
                          whole("anyOf", [](size_t count, size_t) { return count > 0; }) &&
                          whole("oneOf", [](size_t count, size_t) { return count == 1; });
    --depth_;
    return accepted;
}

bool Acceptance::accepts_targets(const Schema &schema, const json &value) {
    const std::vector<const Schema *> targets = document_.targets(schema);
    return std::all_of(targets.begin(), targets.end(), [&](const Schema *target) { return accepts(*target, value); });
}

size_t Acceptance::matching(const Schema &schema, std::string_view keyword, const json &value) {
    size_t count = 0;
    for (size_t i = 0; i < schema.find(keyword)->size(); ++i) {
        const Schema &option = document_.child(schema, keyword, std::to_string(i), schema.find(keyword)->at(i));
        count += accepts(option, value) ? 1 : 0;
    }
    return count;
}

bool Acceptance::accepts_directly(const Schema &schema, const json &value) {
    check_keywords(schema);
    for (const char *unknowable : {"unevaluatedItems", "unevaluatedProperties", "$recursiveRef"}) {
        if (schema.find(unknowable) != nullptr) {
            refuse(schema, unknowable, "it is not supported alongside \"const\" or \"enum\"");
        }
    }
    if ((types_of(schema) & type_of(value)) == 0) {
        return false;
    }
    if (const json *constant = schema.find("const"); constant != nullptr && !same_value(*constant, value)) {
        return false;
    }
    if (const json *values = schema.find("enum");
        values != nullptr && !listed(schema, *values).contains(canonical(value))) {
        return false;
    }
    if (schema.find("not") != nullptr && accepts(document_.child(schema, "not"), value)) {
        return false;
    }
    if (schema.find("if") != nullptr) {
        const char *then = accepts(document_.child(schema, "if"), value) ? "then" : "else";
        if (schema.find(then) != nullptr && !accepts(document_.child(schema, then), value)) {
            return false;
        }
    }
    return value.is_number()   ? accepts_number(schema, value)
           : value.is_string() ? accepts_string(schema, value)
           : value.is_array()  ? accepts_array(schema, value)
           : value.is_object() ? accepts_object(schema, value)
                               : true;
}

bool Acceptance::accepts_number(const Schema &schema, const json &value) {
    std::optional<Contradiction> none;
    const Shape shape = merge({&schema}, none);
    const Decimal number = decimal_of(value);
    if (shape.lower &&
        (shape.lower->value.exclusive ? number <= shape.lower->value.value : number < shape.lower->value.value)) {
        return false;
    }
    if (shape.upper &&
        (shape.upper->value.exclusive ? number >= shape.upper->value.value : number > shape.upper->value.value)) {
        return false;
    }
    if (shape.multiples_of.empty()) {
        return true;
    }
    Shape multiples;
    multiples.multiples_of = shape.multiples_of;
    return languages_.numbers(multiples).accepts_utf8(number.magnitude().text());
}

bool Acceptance::accepts_string(const Schema &schema, const json &value) {
    const auto &text = value.get_ref<const std::string &>();
    if (!in(count_code_points(text), schema, "minLength", "maxLength")) {
        return false;
    }
    if (const json *pattern = schema.find("pattern")) {
        if (!languages_.pattern(schema, "pattern", pattern->get<std::string>()).accepts_utf8(text)) {
            return false;
        }
    }
    const json *format = schema.find("format");
    const std::string pattern = format == nullptr ? "" : format_pattern(format->get_ref<const std::string &>());
    return pattern.empty() || languages_.pattern(schema, "format", pattern).accepts_utf8(text);
}

bool Acceptance::accepts_array(const Schema &schema, const json &value) {
    if (!in(value.size(), schema, "minItems", "maxItems")) {
        return false;
    }
    const json *items = schema.find("items");
    const bool tuple = items != nullptr && items->is_array();
    const char *first = tuple ? "items" : "prefixItems";
    const char *rest = tuple ? "additionalItems" : "items";
    const size_t prefix = schema.find(first) == nullptr ? 0 : schema.find(first)->size();
    for (size_t i = 0; i < value.size(); ++i) {
        const bool valid =
            i < prefix ? accepts(document_.child(schema, first, std::to_string(i), schema.find(first)->at(i)), value[i])
                       : schema.find(rest) == nullptr || accepts(document_.child(schema, rest), value[i]);
        if (!valid) {
            return false;
        }
    }
    if (const json *unique = schema.find("uniqueItems"); unique != nullptr && *unique == true) {
        std::unordered_set<std::string> known;
        for (const json &item : value) {
            if (!known.insert(canonical(item)).second) {
                return false;
            }
        }
    }
    if (schema.find("contains") == nullptr) {
        return true;
    }
    size_t found = 0;
    for (const json &item : value) {
        found += accepts(document_.child(schema, "contains"), item) ? 1 : 0;
    }
    return in(found, schema, "minContains", "maxContains") && (found > 0 || schema.find("minContains") != nullptr);
}

bool Acceptance::accepts_property(const Schema &schema, const std::string &name, const json &value) {
    bool known = false;
    if (const json *properties = schema.find("properties"); properties != nullptr && properties->contains(name)) {
        known = true;
        if (!accepts(document_.child(schema, "properties", name, properties->at(name)), value)) {
            return false;
        }
    }
    if (const json *patterns = schema.find("patternProperties")) {
        for (const auto &[pattern, inner] : patterns->items()) {
            if (languages_.pattern(schema, "patternProperties", pattern).accepts_utf8(name)) {
                known = true;
                if (!accepts(document_.child(schema, "patternProperties", pattern, inner), value)) {
                    return false;
                }
            }
        }
    }
    return known || schema.find("additionalProperties") == nullptr ||
           accepts(document_.child(schema, "additionalProperties"), value);
}

bool Acceptance::accepts_dependents(const Schema &schema, const json &value) {
    const auto all_there = [&](const json &names) {
        return std::all_of(names.begin(), names.end(),
                           [&](const json &name) { return value.contains(name.get<std::string>()); });
    };
    for (const char *keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
        const json *dependents = schema.find(keyword);
        if (dependents == nullptr) {
            continue;
        }
        for (const auto &[name, needs] : dependents->items()) {
            if (value.contains(name) &&
                !(needs.is_array() ? all_there(needs)
                                   : accepts(document_.child(schema, keyword, name, needs), value))) {
                return false;
            }
        }
    }
    return true;
}

bool Acceptance::accepts_object(const Schema &schema, const json &value) {
    if (!in(value.size(), schema, "minProperties", "maxProperties") || !accepts_dependents(schema, value)) {
        return false;
    }
    if (const json *required = schema.find("required")) {
        for (const json &name : *required) {
            if (!value.contains(name.get<std::string>())) {
                return false;
            }
        }
    }
    for (const auto &[name, member] : value.items()) {
        if (!accepts_property(schema, name, member)) {
            return false;
        }
        if (schema.find("propertyNames") != nullptr && !accepts(document_.child(schema, "propertyNames"), json(name))) {
            return false;
        }
    }
    return true;
}

} // namespace llmodel::json_schema
