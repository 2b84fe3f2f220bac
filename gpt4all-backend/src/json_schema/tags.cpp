#include "tags.h"

#include "accepts.h"

#include <algorithm>

namespace llmodel::json_schema {

namespace {

constexpr int deepest = 8; // references that are followed

/** The constants that a schema lists, or none. */
std::set<std::string> constants(Document &document, const Schema &schema, int depth = 0) {
    std::set<std::string> found;
    if (const json *only = schema.find("const")) {
        found.insert(canonical(*only));
    } else if (const json *values = schema.find("enum"); values != nullptr && values->is_array()) {
        for (const json &value : *values) {
            found.insert(canonical(value));
        }
    } else if (schema.find("$ref") != nullptr && depth < deepest) {
        for (const Schema *target : document.targets(schema)) {
            if (std::set<std::string> more = constants(document, *target, depth + 1); !more.empty()) {
                return more;
            }
        }
    }
    return found;
}

void add_tags(Document &document, const Schema &schema, int depth, Tags &tags) {
    if (!schema.value.is_object() || depth > deepest) {
        return;
    }
    if (std::set<std::string> values = constants(document, schema); !values.empty()) {
        tags.emplace("", std::move(values));
    }
    const json *type = schema.find("type");
    const json *required = schema.find("required");
    const json *properties = schema.find("properties");
    const bool object = type != nullptr && *type == "object";
    if (object && required != nullptr && required->is_array() && properties != nullptr && properties->is_object()) {
        for (const json &name : *required) {
            const auto property = name.is_string() ? properties->find(name.get<std::string>()) : properties->end();
            if (property == properties->end() || !property->is_object()) {
                continue;
            }
            const auto text = name.get<std::string>();
            const Schema &inner = document.child(schema, "properties", text, *property);
            if (std::set<std::string> values = constants(document, inner); !values.empty()) {
                tags.emplace("." + text, std::move(values));
            }
        }
    }
    if (schema.find("$ref") != nullptr) {
        for (const Schema *target : document.targets(schema)) {
            add_tags(document, *target, depth + 1, tags);
        }
    }
}

} // namespace

Tags tags_of(Document &document, const Schema &schema) {
    Tags tags;
    add_tags(document, schema, 0, tags);
    return tags;
}

bool apart(const Tags &a, const Tags &b) {
    return std::any_of(a.begin(), a.end(), [&](const auto &tag) {
        const auto other = b.find(tag.first);
        return other != b.end() && std::none_of(tag.second.begin(), tag.second.end(), [&](const std::string &value) {
                   return other->second.contains(value);
               });
    });
}

} // namespace llmodel::json_schema
