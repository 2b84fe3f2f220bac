#include "keywords.h"

#include "decimal.h"
#include "json/closest.h"
#include "json/utf8.h"

#include <cstdlib>
#include <functional>
#include <map>
#include <set>

namespace llmodel::json_schema {

namespace {

enum class Form {
    annotation,
    any,
    schema,
    schema_or_schemas,
    schemas,
    named_schemas,
    texts,
    lists_of_texts,
    text,
    count,
    number,
    divisor,
    bound,
    flag,
    values,
    types,
};

struct Keyword {
    Form form;
    uint8_t types = 0; // that it limits
};

const std::map<std::string_view, Keyword> &keywords() {
    static const std::map<std::string_view, Keyword> known = {
        {"$schema", {Form::annotation}},
        {"$id", {Form::annotation}},
        {"id", {Form::annotation}},
        {"$anchor", {Form::annotation}},
        {"$defs", {Form::annotation}},
        {"definitions", {Form::annotation}},
        {"$comment", {Form::annotation}},
        {"$vocabulary", {Form::annotation}},
        {"$dynamicAnchor", {Form::annotation}},
        {"title", {Form::annotation}},
        {"description", {Form::annotation}},
        {"default", {Form::annotation}},
        {"example", {Form::annotation}},
        {"examples", {Form::annotation}},
        {"deprecated", {Form::annotation}},
        {"readOnly", {Form::annotation}},
        {"writeOnly", {Form::annotation}},
        {"contentMediaType", {Form::annotation}},
        {"contentEncoding", {Form::annotation}},
        {"contentSchema", {Form::annotation}},
        {"discriminator", {Form::annotation}},
        {"externalDocs", {Form::annotation}},
        {"xml", {Form::annotation}},
        {"then", {Form::schema}}, // which count beside an "if"
        {"else", {Form::schema}},
        {"minContains", {Form::count}}, // which count beside "contains"
        {"maxContains", {Form::count}},
        {"$ref", {Form::text}},
        {"$dynamicRef", {Form::text}},
        {"$recursiveRef", {Form::text}},
        {"type", {Form::types}},
        {"nullable", {Form::flag}},
        {"enum", {Form::values}},
        {"const", {Form::any}},
        {"allOf", {Form::schemas}},
        {"anyOf", {Form::schemas}},
        {"oneOf", {Form::schemas}},
        {"not", {Form::schema}},
        {"if", {Form::schema}},
        {"minimum", {Form::number, type::number}},
        {"maximum", {Form::number, type::number}},
        {"exclusiveMinimum", {Form::bound, type::number}},
        {"exclusiveMaximum", {Form::bound, type::number}},
        {"multipleOf", {Form::divisor, type::number}},
        {"minLength", {Form::count, type::string}},
        {"maxLength", {Form::count, type::string}},
        {"pattern", {Form::text, type::string}},
        {"format", {Form::text}},
        {"items", {Form::schema_or_schemas, type::array}},
        {"additionalItems", {Form::schema}},
        {"prefixItems", {Form::schemas, type::array}},
        {"minItems", {Form::count, type::array}},
        {"maxItems", {Form::count, type::array}},
        {"uniqueItems", {Form::flag, type::array}},
        {"contains", {Form::schema, type::array}},
        {"unevaluatedItems", {Form::schema, type::array}},
        {"properties", {Form::named_schemas, type::object}},
        {"patternProperties", {Form::named_schemas, type::object}},
        {"additionalProperties", {Form::schema, type::object}},
        {"propertyNames", {Form::schema, type::object}},
        {"required", {Form::texts, type::object}},
        {"minProperties", {Form::count, type::object}},
        {"maxProperties", {Form::count, type::object}},
        {"dependentRequired", {Form::lists_of_texts, type::object}},
        {"dependentSchemas", {Form::named_schemas, type::object}},
        {"dependencies", {Form::any, type::object}},
        {"unevaluatedProperties", {Form::schema, type::object}},
    };
    return known;
}

const std::map<std::string_view, uint8_t> &type_names() {
    static const std::map<std::string_view, uint8_t> names = {
        {"null", type::null},     {"boolean", type::boolean}, {"integer", type::integer}, {"number", type::number},
        {"string", type::string}, {"array", type::array},     {"object", type::object}};
    return names;
}

bool is_schema(const json &value) {
    return value.is_object() || value.is_boolean();
}

constexpr size_t most_counted =
    1'000'000'000'000'000'000; // no answer is as long; generators write 2^63 - 1 for no limit

bool is_count(const json &value) {
    if (!value.is_number()) {
        return false;
    }
    const Decimal number = decimal_of(value);
    return !number.negative && number.integral();
}

bool each(const json &list, const std::function<bool(const json &)> &is) {
    for (const json &item : list) {
        if (!is(item)) {
            return false;
        }
    }
    return true;
}

bool is_text(const json &value) {
    return value.is_string();
}

/** What a value must be, or nothing if it is. */
std::string wanted(Form form, const json &value) {
    switch (form) {
    case Form::annotation:
    case Form::any:
        return "";
    case Form::schema:
        return is_schema(value) ? "" : "a schema: an object, true or false";
    case Form::schema_or_schemas:
        return is_schema(value) || (value.is_array() && each(value, is_schema)) ? "" : "a schema, or a list of schemas";
    case Form::schemas:
        return value.is_array() && !value.empty() && each(value, is_schema) ? "" : "a non-empty list of schemas";
    case Form::named_schemas:
        return value.is_object() && each(value, is_schema) ? "" : "an object whose values are schemas";
    case Form::texts:
        return value.is_array() && each(value, is_text) ? "" : "a list of names";
    case Form::lists_of_texts:
        return value.is_object() && each(value, [](const json &v) { return v.is_array() && each(v, is_text); })
                   ? ""
                   : "an object whose values are lists of names";
    case Form::text:
        return value.is_string() ? "" : "a string";
    case Form::count:
        return is_count(value) ? "" : "an integer of at least 0";
    case Form::number:
        return value.is_number() ? "" : "a number";
    case Form::divisor:
        return value.is_number() && decimal_of(value) > Decimal{} ? "" : "a number above 0";
    case Form::bound:
        return value.is_number() || value.is_boolean() ? "" : "a number";
    case Form::flag:
        return value.is_boolean() ? "" : "true or false";
    case Form::values:
        return value.is_array() && !value.empty() ? "" : "a non-empty list of values";
    case Form::types:
        return value.is_string() || (value.is_array() && !value.empty() && each(value, is_text))
                   ? ""
                   : "the name of a type, or a list of such names";
    }
    return "";
}

uint8_t type_named(const Schema &schema, const std::string &name) {
    const auto found = type_names().find(name);
    if (found == type_names().end()) {
        refuse(schema, "type",
               quote(name) + " is not a type; the types are null, boolean, integer, number, string, array and object");
    }
    return found->second;
}

void check_name(const Schema &schema, const std::string &name) {
    static const std::vector<std::string_view> limiting = [] {
        std::vector<std::string_view> names;
        for (const auto &[known, keyword] : keywords()) {
            if (keyword.form != Form::annotation && known.size() > 3) {
                names.push_back(known);
            }
        }
        return names;
    }();
    if (name.starts_with("x-")) { // as OpenAPI marks those of others
        return;
    }
    if (const std::string near = closest(name, limiting); !near.empty()) {
        refuse(schema, name, "there is no such keyword; did you mean \"" + near + "\"?");
    }
}

} // namespace

uint8_t types_of(const Schema &schema) {
    if (schema.types) {
        return *schema.types;
    }
    const json *named = schema.find("type");
    if (named == nullptr) {
        return *(schema.types = type::any);
    }
    unsigned types = 0;
    if (named->is_string()) {
        types = type_named(schema, named->get<std::string>());
    } else {
        for (const json &name : *named) {
            types |= type_named(schema, name.get<std::string>());
        }
    }
    const json *nullable = schema.find("nullable");
    if (nullable != nullptr && *nullable == true) {
        types |= type::null;
    }
    schema.types = static_cast<uint8_t>(types);
    return *schema.types;
}

uint8_t types_meant(const Schema &schema) {
    unsigned types = 0;
    for (const auto &[name, value] : schema.value.items()) {
        if (const auto found = keywords().find(name); found != keywords().end()) {
            types |= found->second.types;
        }
    }
    return static_cast<uint8_t>(types);
}

void check_keywords(const Schema &schema) {
    if (schema.checked) {
        return;
    }
    for (const auto &[name, value] : schema.value.items()) {
        const auto found = keywords().find(name);
        if (found == keywords().end()) {
            check_name(schema, name);
            continue;
        }
        if (const std::string must = wanted(found->second.form, value); !must.empty()) {
            refuse(schema, name, "its value must be " + must);
        }
    }
    types_of(schema);
    schema.checked = true;
}

void check_sayable(const Schema &schema) {
    static const std::map<std::string_view, std::string_view> unsayable = {
        {"$recursiveRef", "references that depend on where they are reached from are not supported; use \"$ref\""},
    };
    for (const auto &[name, value] : schema.value.items()) {
        const auto found = unsayable.find(name);
        if (found != unsayable.end() && schema.find(name) != nullptr) {
            refuse_for_grammar(schema, name, std::string(found->second));
        }
    }
}

size_t count_of(const json &value) {
    const std::string digits = decimal_of(value).whole;
    return digits.size() > 18 ? most_counted : static_cast<size_t>(std::strtoull(digits.c_str(), nullptr, 10));
}

} // namespace llmodel::json_schema
