#include "children.h"

#include "conditions.h"

#include <algorithm>
#include <unordered_set>

namespace llmodel::json_schema {

namespace {

/** Draft 7 writes a tuple as a list in "items". */
const char *prefix_keyword(const Schema &part) {
    const json *items = part.find("items");
    return items != nullptr && items->is_array() ? "items" : "prefixItems";
}

size_t prefix_of(const Schema &part) {
    const json *list = part.find(prefix_keyword(part));
    return list == nullptr ? 0 : list->size();
}

} // namespace

bool any_false(const Schemas &schemas) {
    return std::any_of(schemas.begin(), schemas.end(), [](const Schema *schema) { return schema->is(false); });
}

const std::unordered_map<std::string, const json *> &Children::properties(const Schema &part) {
    const auto [found, added] = properties_.try_emplace(&part);
    if (added) {
        if (const json *properties = part.find("properties")) {
            for (const auto &[name, value] : properties->items()) {
                found->second.emplace(name, &value);
            }
        }
    }
    return found->second;
}

std::vector<std::string> Children::names(const Shape &shape) {
    std::vector<std::string> names;
    std::unordered_set<std::string> known;
    for (const Schema *part : shape.parts) {
        if (const json *properties = part->find("properties")) {
            for (const auto &[name, value] : properties->items()) {
                if (known.insert(name).second) {
                    names.push_back(name);
                }
            }
        }
    }
    for (const Limit<std::string> &name : shape.required) {
        if (known.insert(name.value).second) {
            names.push_back(name.value);
        }
    }
    return names;
}

bool Children::sees(const Shape &shape, const Schema &schema, const Schema &other) {
    for (const Schema *at = &other; at != nullptr; at = shape.reached_from->at(at)) {
        if (at == &schema) {
            return true;
        }
        if (is_opposite(*at)) { // what is not valid evaluates nothing
            return false;
        }
    }
    return false;
}

Schemas Children::of_property(const Shape &shape, const std::string &name) {
    Schemas schemas;
    std::unordered_set<const Schema *> describing;
    for (const Schema *part : shape.parts) {
        bool known = false;
        const auto &own = properties(*part);
        if (const auto found = own.find(name); found != own.end()) {
            known = true;
            schemas.push_back(&document_.child(*part, "properties", name, *found->second));
        }
        if (const json *patterns = part->find("patternProperties")) {
            for (const auto &[pattern, value] : patterns->items()) {
                if (languages_.pattern(*part, "patternProperties", pattern).accepts_utf8(name)) {
                    known = true;
                    schemas.push_back(&document_.child(*part, "patternProperties", pattern, value));
                }
            }
        }
        if (!known && part->find("additionalProperties") != nullptr) {
            known = true;
            schemas.push_back(&document_.child(*part, "additionalProperties"));
        }
        if (known) {
            describing.insert(part);
        }
    }
    add_unevaluated(
        shape, "unevaluatedProperties", [&](const Schema &part) { return describing.contains(&part); }, schemas);
    return schemas;
}

size_t Children::prefix(const Schemas &parts) {
    size_t longest = 0;
    for (const Schema *part : parts) {
        longest = std::max(longest, prefix_of(*part));
    }
    return longest;
}

const Schema *Children::rest_of_items(const Schema &part) {
    const json *items = part.find("items");
    const char *keyword = items != nullptr && items->is_array() ? "additionalItems" : "items";
    return part.find(keyword) == nullptr ? nullptr : &document_.child(part, keyword);
}

Schemas Children::of_item(const Shape &shape, size_t index) {
    Schemas schemas;
    for (const Schema *part : shape.parts) {
        if (index < prefix_of(*part)) {
            const char *keyword = prefix_keyword(*part);
            schemas.push_back(&document_.child(*part, keyword, std::to_string(index), part->find(keyword)->at(index)));
        } else if (const Schema *rest = rest_of_items(*part)) {
            schemas.push_back(rest);
        }
    }
    add_unevaluated(
        shape, "unevaluatedItems",
        [&](const Schema &part) { return index < prefix_of(part) || rest_of_items(part) != nullptr; }, schemas);
    return schemas;
}

} // namespace llmodel::json_schema
