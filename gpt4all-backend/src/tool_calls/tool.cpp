#include "tool_calls/tool.h"

#include "json/long_numbers.h"
#include "json/utf8.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace llmodel::tool_calls {

namespace {

constexpr size_t most_references = 20; // one behind the other
constexpr int most_items = 1000000;

/** Keywords that say nothing at all. */
const std::set<std::string_view> annotations = {"$anchor",  "$comment",    "$defs",      "$id",         "$schema",
                                                "default",  "definitions", "deprecated", "description", "example",
                                                "examples", "readOnly",    "strict",     "title",       "writeOnly"};
const std::set<std::string_view> of_members = {"additionalProperties", "properties", "required", "type"};
const std::set<std::string_view> of_items = {"items", "maxItems", "minItems", "type"};

std::string pointer_token(std::string_view key) {
    std::string token;
    for (const char c : key) {
        token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return token;
}

bool says_nothing(const std::string &keyword) {
    return annotations.contains(keyword) || keyword.starts_with("x-");
}

} // namespace

Tool::Tool(size_t index, const json &function)
    : index_(index), name_(function.at("name").get<std::string>()), lenient_(!function.value("strict", true)) {
    const auto given = function.find("parameters");
    parameters_ = given == function.end() || given->is_null() ? json::object() : round_marked(*given);
    if (parameters_.empty() && parameters_.is_object()) {
        parameters_ = {{"type", "object"}, {"properties", json::object()}}; // there are none
    }
}

const json &Tool::at(const std::string &pointer) const {
    static const json nothing = json::object();
    const json::json_pointer where(pointer);
    return parameters_.contains(where) && parameters_.at(where).is_object() ? parameters_.at(where) : nothing;
}

/** The schema that one stands for by its "$ref". */
std::string Tool::resolved(std::string pointer) const {
    for (size_t i = 0; i < most_references; ++i) {
        const json &schema = at(pointer);
        const auto found = schema.find("$ref");
        bool alone = found != schema.end() && found->is_string();
        for (const auto &[keyword, value] : schema.items()) {
            alone = alone && (keyword == "$ref" || says_nothing(keyword));
        }
        if (!alone) {
            break;
        }
        const auto &reference = found->get_ref<const std::string &>();
        if (!reference.starts_with("#/") || reference.find('%') != std::string::npos) {
            break;
        }
        pointer = reference.substr(1);
    }
    return pointer;
}

std::string Tool::described(const std::string &pointer, const std::string &keyword) const {
    const auto describes = [&](const std::string &where) { return at(where).value(keyword, json()).is_object(); };
    std::string whole = resolved(pointer);
    if (describes(whole)) {
        return whole;
    }
    std::vector<std::string> found;
    bool alone = true;
    for (const auto &[name, value] : at(whole).items()) {
        alone = alone && (name == "anyOf" || says_nothing(name));
    }
    const size_t alternatives = alone ? at(whole).value("anyOf", json::array()).size() : 0;
    for (size_t i = 0; i < alternatives; ++i) {
        if (const std::string one = resolved(whole + "/anyOf/" + std::to_string(i)); describes(one)) {
            found.push_back(one);
        }
    }
    if (found.size() != 1) {
        refuse(LLMODEL_UNSUPPORTED, whole, keyword,
               "in the format of the model's chat template, there is no grammar for a value whose \"" + keyword +
                   "\" are not in one place; put them directly in its schema, or use another chat_template");
    }
    return found[0];
}

std::vector<std::string> Tool::members(const std::string &object) const {
    std::vector<std::string> names;
    const json properties = at(object).value("properties", json::object());
    for (const auto &[name, schema] : properties.items()) {
        names.push_back(name);
    }
    return names;
}

bool Tool::requires_member(const std::string &object, const std::string &name) const {
    const json required = at(object).value("required", json::array());
    return std::find(required.begin(), required.end(), json(name)) != required.end();
}

std::string Tool::member(const std::string &object, const std::string &name) {
    return object + "/properties/" + pointer_token(name);
}

void Tool::check_members(const std::string &object) const {
    if (lenient_) {
        return;
    }
    const json required = at(object).value("required", json::array());
    const std::vector<std::string> names = members(object);
    for (const auto &[keyword, value] : at(object).items()) {
        const bool holds = (keyword == "minProperties" && value.is_number() && value <= required.size()) ||
                           (keyword == "maxProperties" && value.is_number() && value >= names.size());
        if (!of_members.contains(keyword) && !says_nothing(keyword) && !holds) {
            refuse(LLMODEL_GRAMMAR_ERROR, object, keyword,
                   "in the format of the model's chat template, each argument is written by itself, so nothing can be "
                   "said of all of them together as \"" +
                       keyword + "\" does");
        }
    }
    for (const json &name : required) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            refuse(LLMODEL_GRAMMAR_ERROR, object, "required",
                   quote(name.get<std::string>()) + " is required, but not among \"properties\"");
        }
    }
}

void Tool::check_items(const std::string &array) const {
    if (lenient_) {
        return;
    }
    for (const auto &[keyword, value] : at(array).items()) {
        if (!of_items.contains(keyword) && !says_nothing(keyword)) {
            refuse(LLMODEL_GRAMMAR_ERROR, array, keyword,
                   "in the format of the model's chat template, each item is written by itself, so nothing can be said "
                   "of all of them together as \"" +
                       keyword + "\" does");
        }
    }
}

std::pair<int, int> Tool::count_of_items(const std::string &array) const {
    const auto count = [&](const char *keyword, int otherwise) {
        const auto found = at(array).find(keyword);
        return found == at(array).end() || !found->is_number() ? otherwise : std::min(found->get<int>(), most_items);
    };
    return {count("minItems", 0), count("maxItems", -1)};
}

std::shared_ptr<const GrammarRules> Tool::rules(const std::string &pointer, SchemaUse use) const {
    use.arguments = true;
    use.lenient = lenient_;
    use.pointer = pointer;
    try {
        return compile_json_schema(parameters_, use);
    } catch (const Error &error) {
        refuse(error.status(), error.detail().value("pointer", ""), error.detail().value("keyword", ""), error.what());
    }
}

void Tool::refuse(llmodel_status status, const std::string &pointer, const std::string &keyword,
                  const std::string &why) const {
    json detail = {{"tool", name_},
                   {"path", "/tools/" + std::to_string(index_) + "/function/parameters" + pointer},
                   {"pointer", pointer}};
    if (!keyword.empty()) {
        detail["keyword"] = keyword;
    }
    throw Error(status, "the tool " + quote(name_) + ": " + why, std::move(detail));
}

} // namespace llmodel::tool_calls
