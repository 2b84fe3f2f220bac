#include "json/utf8.h"
#include "steps.h"

#include <algorithm>

namespace llmodel::json_schema {

bool Acceptance::check_array(const Schema &schema, const json &value, Evaluated *evaluated) {
    return check_count(schema, value.size(), "minItems", "maxItems", "items") &&
           check_items(schema, value, evaluated) && check_unique(schema, value) &&
           (schema.find("contains") == nullptr || check_contains(schema, value, evaluated));
}

bool Acceptance::check_items(const Schema &schema, const json &value, Evaluated *evaluated) {
    spend(schema, value.size() / 32);
    const json *items = schema.find("items");
    const bool tuple = items != nullptr && items->is_array(); // as draft 7 writes it
    const char *first = tuple ? "items" : "prefixItems";
    const char *rest = tuple ? "additionalItems" : "items";
    const size_t prefix = schema.find(first) == nullptr ? 0 : schema.find(first)->size();
    const bool limits_rest = schema.find(rest) != nullptr;
    for (size_t i = 0; i < value.size() && (i < prefix || limits_rest); ++i) {
        const Schema &of_item = i < prefix
                                    ? document_.child(schema, first, std::to_string(i), schema.find(first)->at(i))
                                    : document_.child(schema, rest);
        if (!check_inside(of_item, std::to_string(i), value[i])) {
            return false;
        }
        if (evaluated != nullptr) {
            evaluated->insert(&value[i]);
        }
    }
    return true;
}

bool Acceptance::check_unique(const Schema &schema, const json &value) {
    const json *unique = schema.find("uniqueItems");
    if (unique == nullptr || *unique != true) {
        return true;
    }
    std::unordered_map<std::string, size_t> known;
    for (size_t i = 0; i < value.size(); ++i) {
        const auto [other, added] = known.emplace(compared(schema, value[i]), i);
        if (!added) {
            const Inside inside(*this, std::to_string(i));
            return fail(schema, "uniqueItems",
                        [&, &same = other] { return "it is the same as item " + std::to_string(same->second); });
        }
    }
    return true;
}

bool Acceptance::check_contains(const Schema &schema, const json &value, Evaluated *evaluated) {
    size_t found = 0;
    for (const json &item : value) {
        const Quiet quiet(*this);
        if (check(document_.child(schema, "contains"), item, nullptr)) {
            ++found;
            if (evaluated != nullptr) {
                evaluated->insert(&item);
            }
        }
    }
    if (found == 0 && schema.find("minContains") == nullptr) {
        return fail(schema, "contains", [] { return "none of its items is valid under the schema there"; });
    }
    return check_count(schema, found, "minContains", "maxContains", "items that are valid under \"contains\"");
}

bool Acceptance::check_member(const Schema &schema, const std::string &name, const json &value, Evaluated *evaluated) {
    bool known = false;
    if (const json *properties = schema.find("properties")) {
        if (const json *inner = members(*properties).find(name)) {
            known = true;
            if (!check_inside(document_.child(schema, "properties", name, *inner), name, value)) {
                return false;
            }
        }
    }
    if (const json *patterns = schema.find("patternProperties")) {
        for (const NamePattern &one : name_patterns(schema, *patterns)) {
            spend(schema, 1 + name.size() / 32);
            if (one.names->accepts_utf8(name)) {
                known = true;
                const Schema &inner = document_.child(schema, "patternProperties", one.pattern, *one.schema);
                if (!check_inside(inner, name, value)) {
                    return false;
                }
            }
        }
    }
    if (!known && schema.find("additionalProperties") != nullptr) {
        known = true;
        if (*schema.find("additionalProperties") == false) {
            return fail(schema, "additionalProperties",
                        [&] { return "the member " + quote(name) + " is not allowed"; });
        }
        if (!check_inside(document_.child(schema, "additionalProperties"), name, value)) {
            return false;
        }
    }
    if (known && evaluated != nullptr) {
        evaluated->insert(&value);
    }
    return true;
}

bool Acceptance::check_name(const Schema &schema, const std::string &name) {
    const json text = name;
    const bool valid = check(document_.child(schema, "propertyNames"), text, nullptr);
    if (!valid && quiet_ == 0 && fault_) {
        fault_->why = "of the name " + quote(name) + ": " + fault_->why;
    }
    return valid;
}

bool Acceptance::check_dependents(const Schema &schema, const json &value, Evaluated *evaluated) {
    for (const char *keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
        const json *dependents = schema.find(keyword);
        if (dependents == nullptr) {
            continue;
        }
        for (const auto &[name, needs] : dependents->items()) {
            spend(schema, 1 + value.size() / 32);
            if (!value.contains(name)) {
                continue;
            }
            if (!needs.is_array()) {
                if (!check(document_.child(schema, keyword, name, needs), value, evaluated)) {
                    return false;
                }
                continue;
            }
            for (const json &need : needs) {
                const auto &needed = need.get_ref<const std::string &>();
                spend(schema, 1 + value.size() / 32);
                if (!value.contains(needed)) {
                    return fail(schema, keyword, [&, &name = name] {
                        return "with " + quote(name) + ", it must have " + quote(needed);
                    });
                }
            }
        }
    }
    return true;
}

bool Acceptance::check_object(const Schema &schema, const json &value, Evaluated *evaluated) {
    if (!check_count(schema, value.size(), "minProperties", "maxProperties", "members")) {
        return false;
    }
    if (const json *required = schema.find("required")) {
        for (const json &name : *required) {
            spend(schema, 1 + value.size() / 32);
            if (!value.contains(name.get_ref<const std::string &>())) {
                return fail(schema, "required",
                            [&] { return "it must have " + quote(name.get_ref<const std::string &>()); });
            }
        }
    }
    spend(schema, value.size() / 4);
    for (const auto &[name, member] : value.items()) {
        if (!check_member(schema, name, member, evaluated) ||
            (schema.find("propertyNames") != nullptr && !check_name(schema, name))) {
            return false;
        }
    }
    return check_dependents(schema, value, evaluated);
}

} // namespace llmodel::json_schema
