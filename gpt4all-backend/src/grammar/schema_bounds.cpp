#include "grammar/schema_bounds.h"

#include "json/parse.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace llmodel {

namespace {

// llama.cpp's conversion takes time with the square of these.
constexpr size_t max_schema_values = 4000;
constexpr size_t max_members = 200;
constexpr size_t max_enum = 500;

// The names of its rules are the paths to the schema's parts, and are searched with expressions that nest.
constexpr size_t max_name = 1000;
constexpr size_t max_all_names = size_t{1} << 24;

[[noreturn]] void refuse(const std::string &path, const std::string &what, json detail) {
    detail["path"] = path;
    throw Error(LLMODEL_GRAMMAR_ERROR, "the JSON Schema at " + (path.empty() ? "its root" : path) + " " + what,
                std::move(detail));
}

void at_most(const std::string &path, const char *what, size_t count, size_t limit) {
    if (count > limit) {
        refuse(path,
               std::string("has ") + what + " of " + std::to_string(count) + "; a grammar is made for at most " +
                   std::to_string(limit),
               {{"count", count}, {"limit", limit}});
    }
}

/** A JSON Pointer's next part. */
std::string below(const std::string &path, std::string_view key) {
    std::string pointer = path + "/";
    for (const char c : key) {
        pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return pointer;
}

struct Bounds {
    const char *lower;
    const char *upper;
    std::array<std::string_view, 2> types; // those that they are for
};

constexpr std::array<Bounds, 4> bounds = {{
    {"minLength", "maxLength", {"string", "string"}},
    {"minItems", "maxItems", {"array", "array"}},
    {"minProperties", "maxProperties", {"object", "object"}},
    {"minimum", "maximum", {"number", "integer"}},
}};

bool is_for(const json &schema, const Bounds &pair) {
    const auto type = schema.find("type");
    const auto named = [&](const json &name) {
        return name.is_string() &&
               std::ranges::find(pair.types, name.get_ref<const std::string &>()) != pair.types.end();
    };
    return type == schema.end() || named(*type) || (type->is_array() && std::ranges::any_of(*type, named));
}

class Visitor {
  public:
    void schema(const json &value, const std::string &path, size_t name) {
        if (!value.is_object()) {
            return;
        }
        at_most(path, "names of rules with a length", names_ += name, max_all_names);
        check_order(value, path);
        for (const auto &[key, item] : value.items()) {
            if (key == "$ref" && item.is_string()) {
                at_most(path, "a \"$ref\" with a length", item.get_ref<const std::string &>().size(), max_name);
            } else if (item.is_object() && is_map(key)) {
                members(item, below(path, key), name, key == "properties");
            } else if (item.is_array() &&
                       (key == "anyOf" || key == "oneOf" || key == "allOf" || key == "prefixItems" || key == "items")) {
                size_t index = 0;
                for (const json &one : item) {
                    schema(one, below(below(path, key), std::to_string(index++)), name + key.size());
                }
            } else if (item.is_object() && is_schema(key)) {
                schema(item, below(path, key), name + key.size());
            }
        }
    }

    void size(const json &value, const std::string &path) {
        at_most(path, "a size", ++values_, max_schema_values);
        for (const auto &[key, item] : value.items()) {
            if (key == "enum") {
                at_most(path, "an enum with a number of values", item.size(), max_enum);
            }
            if (item.is_structured()) {
                size(item, path);
            } else {
                ++values_;
            }
        }
    }

  private:
    static bool is_map(std::string_view key) {
        return key == "properties" || key == "patternProperties" || key == "$defs" || key == "definitions" ||
               key == "dependentSchemas";
    }

    static bool is_schema(std::string_view key) {
        return key == "items" || key == "additionalProperties" || key == "additionalItems" || key == "contains" ||
               key == "not" || key == "if" || key == "then" || key == "else" || key == "propertyNames";
    }

    void members(const json &map, const std::string &path, size_t name, bool combined) {
        if (combined) {
            at_most(path, "an object with a number of properties", map.size(), max_members);
        }
        for (const auto &[key, item] : map.items()) {
            at_most(path, "a name with a length", key.size(), max_name);
            const size_t longer = name + 1 + key.size();
            names_ += combined ? map.size() * longer : 0; // those that may be left out are each put before the others
            schema(item, below(path, key), longer);
        }
    }

    static void check_order(const json &value, const std::string &path) {
        for (const Bounds &pair : bounds) {
            const auto lower = value.find(pair.lower);
            const auto upper = value.find(pair.upper);
            if (lower != value.end() && upper != value.end() && lower->is_number() && upper->is_number() &&
                *lower > *upper && is_for(value, pair)) {
                refuse(path,
                       std::string("contradicts itself: \"") + pair.lower + "\" is " + dump_json(*lower) + ", \"" +
                           pair.upper + "\" is " + dump_json(*upper),
                       {{"lower", pair.lower}, {"upper", pair.upper}});
            }
        }
    }

    size_t values_ = 0;
    size_t names_ = 0;
};

} // namespace

void check_schema_bounds(const json &schema, const std::string &path) {
    Visitor visitor;
    visitor.size(schema, path);
    visitor.schema(schema, path, 0);
}

} // namespace llmodel
