#include "conditions.h"

#include "decimal.h"
#include "formats.h"

#include <algorithm>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr const char *opposite_keyword = "llmodel:opposite";
constexpr size_t max_parts = 20000;   // of all opposites together
constexpr size_t max_excluded = 64;   // numbers, between which others lie
constexpr size_t max_overlapping = 8; // schemas of a "oneOf" under "not"

constexpr std::pair<const char *, uint8_t> kinds[] = {{"null", type::null},     {"boolean", type::boolean},
                                                      {"number", type::number}, {"string", type::string},
                                                      {"array", type::array},   {"object", type::object}};

uint8_t kind_of(const json &value) {
    return value.is_null()      ? type::null
           : value.is_boolean() ? type::boolean
           : value.is_number()  ? type::number
           : value.is_string()  ? type::string
           : value.is_array()   ? type::array
                                : type::object;
}

/** The schema of all values of none of these types. */
void add_other_types(unsigned types, json::array_t &options) {
    json names = json::array();
    for (const auto &[name, kind] : kinds) {
        if ((types & kind) == 0) {
            names.push_back(name);
        }
    }
    if (!names.empty()) {
        options.push_back({{"type", names}});
    }
}

json exclusion(const char *type, const char *keyword, const json &value) {
    return {{"type", type}, {"not", {{keyword, value}}}};
}

json with(const std::string &name) {
    json schema = {{"type", "object"}};
    schema["required"] = json::array({name});
    return schema;
}

json without(const std::string &name) {
    json schema = {{"type", "object"}};
    schema["properties"] = json::object({{name, false}});
    return schema;
}

json one_of(json::array_t options) {
    if (options.empty()) {
        return false;
    }
    return options.size() == 1 ? options[0] : json{{"anyOf", std::move(options)}};
}

json all_of(json::array_t parts) {
    return parts.size() == 1 ? parts[0] : json{{"allOf", std::move(parts)}};
}

[[noreturn]] void refuse_opposite(const Schema &schema, std::string_view keyword) {
    refuse_for_grammar(
        schema, keyword,
        "under \"not\", \"if\" and overlapping \"oneOf\", a grammar would have to say what breaks it, and cannot; "
        "say what may be there instead");
}

bool is_true(const json &schema) {
    return schema == true || (schema.is_object() && schema.empty());
}

} // namespace

bool is_opposite(const Schema &schema) {
    return schema.find(opposite_keyword) != nullptr;
}

bool is_exclusion(const Schema &schema) {
    const json *type = schema.find("type");
    const json *none = schema.find("not");
    if (type == nullptr || none == nullptr || !none->is_object() || none->size() != 1) {
        return false;
    }
    const auto only = none->begin();
    const std::string &keyword = only.key();
    const json &value = only.value();
    const auto text = [](const json &one) { return one.is_string(); };
    if (*type == "string") {
        return (keyword == "pattern" && value.is_string()) || (keyword == "const" && value.is_string()) ||
               (keyword == "enum" && value.is_array() && std::all_of(value.begin(), value.end(), text));
    }
    return (*type == "number" || *type == "integer") && keyword == "multipleOf" && value.is_number();
}

json Conditions::link(const Schema &schema, std::string_view keyword) {
    return document_.link(document_.child(schema, keyword));
}

std::vector<const Schema *> Conditions::listed(const Schema &schema, std::string_view keyword) {
    std::vector<const Schema *> schemas;
    if (const json *list = schema.find(keyword)) {
        for (size_t i = 0; i < list->size(); ++i) {
            schemas.push_back(&document_.child(schema, keyword, std::to_string(i), list->at(i)));
        }
    }
    return schemas;
}

json Conditions::negated_child(const Schema &schema, std::string_view keyword) {
    return negated(document_.child(schema, keyword));
}

json Conditions::negated(const Schema &schema) {
    if (schema.value.is_boolean()) {
        return schema.is(false);
    }
    if (++parts_ > max_parts) {
        refuse_for_grammar(schema, "", "it has too many conditions within conditions; use a smaller schema");
    }
    if (schema.incomplete()) {
        refuse_for_grammar(schema, "", "a part of it is left out, so that a grammar cannot say what breaks it");
    }
    check_keywords(schema);
    json made = one_of(breaches(schema));
    if (made.is_object()) {
        made[opposite_keyword] = true;
    }
    return made;
}

/** Each way in which a value can break one of the keywords. */
Conditions::Options Conditions::breaches(const Schema &schema) {
    for (const char *unsayable : {"additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties",
                                  "unevaluatedItems", "additionalItems", "$recursiveRef"}) {
        if (const json *value = schema.find(unsayable); value != nullptr && !is_true(*value)) {
            refuse_opposite(schema, unsayable);
        }
    }
    if (const json *unique = schema.find("uniqueItems"); unique != nullptr && *unique == true) {
        refuse_opposite(schema, "uniqueItems");
    }
    // a grammar's texts of a format are those that everybody takes for it, not all that somebody might
    const json *format = schema.find("format");
    if (format != nullptr && !format_pattern(format->get_ref<const std::string &>()).empty()) {
        refuse_opposite(schema, "format");
    }
    Options options;
    types(schema, options);
    values(schema, options);
    numbers(schema, options);
    strings(schema, options);
    arrays(schema, options);
    objects(schema, options);
    combinations(schema, options);
    conditions(schema, options);
    return options;
}

void Conditions::types(const Schema &schema, Options &options) {
    if (schema.find("type") == nullptr) {
        return;
    }
    unsigned types = types_of(schema);
    if ((types & type::number) == type::integer) {
        options.push_back(exclusion("number", "multipleOf", 1));
    }
    types |= (types & type::number) != 0 ? type::number : 0U;
    add_other_types(types, options);
}

void Conditions::values(const Schema &schema, Options &options) {
    for (const char *keyword : {"const", "enum"}) {
        const json *given = schema.find(keyword);
        if (given == nullptr) {
            continue;
        }
        unsigned types = 0;
        std::vector<json> numbers;
        json texts = json::array();
        std::vector<bool> truths;
        for (const json &value : std::string_view(keyword) == "const" ? json::array({*given}) : *given) {
            types |= kind_of(value);
            if (value.is_structured()) {
                refuse_opposite(schema, keyword);
            } else if (value.is_number()) {
                numbers.push_back(value);
            } else if (value.is_string()) {
                texts.push_back(value);
            } else if (value.is_boolean()) {
                truths.push_back(value.get<bool>());
            }
        }
        add_other_types(types, options);
        if (!truths.empty() && std::equal(truths.begin() + 1, truths.end(), truths.begin())) {
            options.push_back({{"const", !truths[0]}});
        }
        if (!texts.empty()) {
            options.push_back(exclusion("string", "enum", texts));
        }
        if (numbers.size() > max_excluded) {
            refuse_opposite(schema, keyword);
        }
        std::sort(numbers.begin(), numbers.end(),
                  [](const json &a, const json &b) { return decimal_of(a) < decimal_of(b); });
        for (size_t i = 0; i <= numbers.size() && !numbers.empty(); ++i) {
            json between = {{"type", "number"}};
            if (i > 0) {
                between["exclusiveMinimum"] = numbers[i - 1];
            }
            if (i < numbers.size()) {
                between["exclusiveMaximum"] = numbers[i];
            }
            if (i == 0 || i == numbers.size() || decimal_of(numbers[i - 1]) < decimal_of(numbers[i])) {
                options.push_back(std::move(between));
            }
        }
    }
}

void Conditions::numbers(const Schema &schema, Options &options) {
    const auto on = [&](const char *keyword) {
        return schema.find(keyword) != nullptr && *schema.find(keyword) == true;
    };
    const auto add = [&](const char *keyword, const char *opposite) {
        if (const json *bound = schema.find(keyword); bound != nullptr && bound->is_number()) {
            options.push_back({{"type", "number"}, {opposite, *bound}});
        }
    };
    add("minimum", on("exclusiveMinimum") ? "maximum" : "exclusiveMaximum"); // draft 4 has it beside the bound
    add("maximum", on("exclusiveMaximum") ? "minimum" : "exclusiveMinimum");
    add("exclusiveMinimum", "maximum");
    add("exclusiveMaximum", "minimum");
    if (const json *divisor = schema.find("multipleOf")) {
        options.push_back(exclusion("number", "multipleOf", *divisor));
    }
}

void Conditions::strings(const Schema &schema, Options &options) {
    if (const json *least = schema.find("minLength"); least != nullptr && count_of(*least) > 0) {
        options.push_back({{"type", "string"}, {"maxLength", count_of(*least) - 1}});
    }
    if (const json *most = schema.find("maxLength")) {
        options.push_back({{"type", "string"}, {"minLength", count_of(*most) + 1}});
    }
    if (const json *pattern = schema.find("pattern")) {
        options.push_back(exclusion("string", "pattern", *pattern));
    }
}

void Conditions::arrays(const Schema &schema, Options &options) {
    if (const json *least = schema.find("minItems"); least != nullptr && count_of(*least) > 0) {
        options.push_back({{"type", "array"}, {"maxItems", count_of(*least) - 1}});
    }
    if (const json *most = schema.find("maxItems")) {
        options.push_back({{"type", "array"}, {"minItems", count_of(*most) + 1}});
    }
    const json *items = schema.find("items");
    const bool tuple = items != nullptr && items->is_array();
    json before = json::array();
    for (const Schema *item : listed(schema, tuple ? "items" : "prefixItems")) {
        json described = before;
        described.push_back(negated(*item));
        options.push_back(
            {{"type", "array"}, {"minItems", described.size()}, {"prefixItems", described}, {"items", true}});
        before.push_back(true);
    }
    if (items != nullptr && !tuple && !is_true(*items)) {
        if (!before.empty()) {
            refuse_opposite(schema, "items");
        }
        options.push_back({{"type", "array"}, {"contains", negated_child(schema, "items")}});
    }
    if (schema.find("contains") != nullptr) {
        const json *least = schema.find("minContains");
        const size_t wanted = least == nullptr ? 1 : count_of(*least);
        if (schema.find("maxContains") != nullptr || wanted > 1) {
            refuse_opposite(schema, wanted > 1 ? "minContains" : "maxContains");
        }
        if (wanted == 0) {
            return;
        }
        options.push_back({{"type", "array"}, {"items", negated_child(schema, "contains")}});
    }
}

void Conditions::objects(const Schema &schema, Options &options) {
    if (const json *least = schema.find("minProperties"); least != nullptr && count_of(*least) > 0) {
        options.push_back({{"type", "object"}, {"maxProperties", count_of(*least) - 1}});
    }
    if (const json *most = schema.find("maxProperties")) {
        options.push_back({{"type", "object"}, {"minProperties", count_of(*most) + 1}});
    }
    if (const json *required = schema.find("required")) {
        for (const json &name : *required) {
            options.push_back(without(name.get<std::string>()));
        }
    }
    if (const json *properties = schema.find("properties")) {
        for (const auto &[name, value] : properties->items()) {
            if (!is_true(value)) {
                const json inner = negated(document_.child(schema, "properties", name, value));
                json broken = with(name);
                broken["properties"] = json::object({{name, inner}});
                options.push_back(std::move(broken));
            }
        }
    }
    if (const json *dependents = schema.find("dependentRequired")) {
        for (const auto &[name, needs] : dependents->items()) {
            for (const json &need : needs) {
                options.push_back(all_of({with(name), without(need.get<std::string>())}));
            }
        }
    }
}

void Conditions::combinations(const Schema &schema, Options &options) {
    for (const Schema *target : document_.targets(schema)) {
        options.push_back({{"not", document_.link(*target)}});
    }
    if (const Schema *linked = document_.linked(schema)) {
        options.push_back({{"not", document_.link(*linked)}});
    }
    for (const Schema *part : listed(schema, "allOf")) {
        options.push_back(negated(*part));
    }
    for (const char *keyword : {"anyOf", "oneOf"}) {
        const std::vector<const Schema *> list = listed(schema, keyword);
        if (list.empty()) {
            continue;
        }
        Options none;
        for (const Schema *one : list) {
            none.push_back(negated(*one));
        }
        options.push_back(all_of(std::move(none)));
        if (std::string_view(keyword) == "anyOf") {
            continue;
        }
        if (list.size() > max_overlapping) {
            refuse_opposite(schema, keyword);
        }
        for (size_t i = 0; i < list.size(); ++i) {
            for (size_t j = 0; j < i; ++j) {
                options.push_back(all_of({document_.link(*list[j]), document_.link(*list[i])}));
            }
        }
    }
}

void Conditions::conditions(const Schema &schema, Options &options) {
    if (schema.find("not") != nullptr) {
        options.push_back(link(schema, "not"));
    }
    if (schema.find("if") != nullptr) {
        if (schema.find("then") != nullptr) {
            options.push_back(all_of({link(schema, "if"), negated_child(schema, "then")}));
        }
        if (schema.find("else") != nullptr) {
            options.push_back(all_of({negated_child(schema, "if"), negated_child(schema, "else")}));
        }
    }
    for (const char *keyword : {"dependentSchemas", "dependencies"}) {
        if (const json *dependents = schema.find(keyword)) {
            for (const auto &[name, needs] : dependents->items()) {
                if (needs.is_array()) {
                    refuse_opposite(schema, keyword);
                }
                const json broken = negated(document_.child(schema, keyword, name, needs));
                options.push_back(all_of({with(name), broken}));
            }
        }
    }
}

json Conditions::negated(const Schema &schema, const Place &condition) {
    try {
        return negated(schema);
    } catch (Unsayable &why) {
        why.without = condition;
        throw;
    }
}

const Schema &Conditions::opposite(const Schema &schema, const Schema &from, std::string_view keyword) {
    return opposite(schema, document_.condition(from, keyword));
}

const Schema &Conditions::opposite(const Schema &schema, const Place &condition) {
    if (const Schema *linked = document_.linked(schema); linked != nullptr && schema.value.size() == 1) {
        return opposite(*linked, condition);
    }
    const auto known = opposites_.find(&schema);
    if (known != opposites_.end()) {
        return *known->second;
    }
    const Schema &made = document_.meant(schema, negated(schema, condition), &condition);
    opposites_.emplace(&schema, &made);
    return made;
}

const std::vector<const Schema *> &Conditions::of(const Schema &schema) {
    const auto [found, added] = of_.try_emplace(&schema);
    if (!added) {
        return found->second;
    }
    std::vector<const Schema *> made;
    if (schema.find("not") != nullptr && !is_exclusion(schema)) {
        made.push_back(&opposite(document_.child(schema, "not"), schema, "not"));
    }
    const bool then = schema.find("then") != nullptr;
    const bool otherwise = schema.find("else") != nullptr;
    if (schema.find("if") != nullptr && (then || otherwise)) {
        const Place &condition = document_.condition(schema, "if");
        json holds = link(schema, "if");
        json fails = negated(document_.child(schema, "if"), condition);
        holds = then ? all_of({std::move(holds), link(schema, "then")}) : holds;
        fails = otherwise ? all_of({std::move(fails), link(schema, "else")}) : fails;
        const json either = {{"anyOf", json::array({std::move(holds), std::move(fails)})}};
        made.push_back(&document_.meant(schema, either, &condition));
    }
    for (const char *keyword : {"dependentSchemas", "dependencies"}) {
        if (const json *dependents = schema.find(keyword)) {
            for (const auto &[name, needs] : dependents->items()) {
                const json without_it = {{"properties", json::object({{name, false}})}};
                json with_it = {{"required", needs.is_array() ? needs : json::array({name})}};
                if (!needs.is_array()) {
                    with_it =
                        all_of({std::move(with_it), document_.link(document_.child(schema, keyword, name, needs))});
                }
                const json either = {{"anyOf", json::array({without_it, with_it})}};
                made.push_back(&document_.meant(schema, either, &document_.condition(schema, keyword)));
            }
        }
    }
    return of_[&schema] = std::move(made);
}

} // namespace llmodel::json_schema
