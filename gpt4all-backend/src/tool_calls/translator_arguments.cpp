#include "llama/texts.h"
#include "peg-parser.h"
#include "tool_calls/notation.h"
#include "tool_calls/translator.h"

#include <algorithm>
#include <string_view>
#include <variant>

namespace llmodel::tool_calls {

namespace {

constexpr const char *attributes = R"([A-Za-z0-9_.:=" -]{0,64})";

/** A pattern of texts that begin so. */
std::string beginning(const std::string &text) {
    std::string pattern = "^";
    for (const char c : text) {
        pattern += std::string(R"(\^$.*+?()[]{}|/)").find(c) == std::string::npos ? "" : "\\";
        pattern += c;
    }
    return pattern;
}

} // namespace

void Translator::enter(const Tool &tool, const Traits &traits) {
    if (traits.whole || traits.bare || !entered_.insert(tool.name()).second) {
        return;
    }
    tool.check_members("");
    for (const std::string &argument : tool.members("")) {
        if (!traits.arguments.contains(argument) && (tool.requires_member("", argument) || traits.arguments.empty())) {
            tool.refuse(LLMODEL_UNSUPPORTED, "", "",
                        "the format in which the model's chat template writes calls has no grammar for arguments; use "
                        "a tool without arguments, or another chat_template");
        }
    }
}

/** Each argument at most once, in the order of the schema, those that are required in any case. */
std::string Translator::arguments_in_order(common_peg_parser_id id, const Place &place) {
    std::string made;
    for (const std::string &argument : place.tool->members(place.object)) {
        if (traits_(id).arguments.contains(argument)) {
            Place one = place;
            one.only = argument;
            const std::string text = write(id, one);
            made = joined(made, place.tool->requires_member(place.object, argument) ? text : optional(text));
        }
    }
    return made;
}

/** The same where what separates arguments stands between them only. */
std::string Translator::list_of_arguments(common_peg_parser_id first, common_peg_parser_id more, const Place &place) {
    const auto *repeated = std::get_if<common_peg_repetition_parser>(&parser_.get(resolved(parser_, more)));
    std::string begun;                       // what may come behind an argument
    std::vector<std::string> not_begun = {}; // the ways to begin so far, from the last argument on
    const std::vector<std::string> arguments = place.tool->members(place.object);
    for (auto argument = arguments.rbegin(); argument != arguments.rend(); ++argument) {
        if (!traits_(first).arguments.contains(*argument) || repeated == nullptr) {
            continue;
        }
        Place one = place;
        one.only = *argument;
        const std::string here = joined(write(first, one), begun);
        const std::string then = write(repeated->child, one);
        if (place.tool->requires_member(place.object, *argument)) {
            not_begun = {here};
            begun = joined(then, begun);
        } else {
            not_begun.push_back(here);
            begun = joined(optional(then), begun);
        }
    }
    std::reverse(not_begun.begin(), not_begun.end());
    return alternatives(not_begun);
}

std::string Translator::text_until(const std::vector<std::string> &ends, const Place &place) {
    if (place.opening) {
        return attributes;
    }
    if (ends.empty()) {
        return ".*";
    }
    SchemaUse use;
    use.raw = RawText{ends, {}};
    if (!place.not_beginning.empty()) {
        use.raw->excluded.push_back(beginning(place.not_beginning));
    }
    return add(*compile_json_schema({{"type", "string"}}, use));
}

std::string Translator::json_argument(const Place &place) {
    SchemaUse use;
    if (place.typed) {
        use.types = {"object", "array", "number", "boolean", "null"};
    }
    return add(*place.tool->rules(place.value, use));
}

/** A string that would not be read as one of another type. */
std::string Translator::raw_argument(const std::vector<std::string> &ends, const Place &place) {
    SchemaUse use;
    use.raw = RawText{ends, {}};
    auto &excluded = use.raw->excluded;
    if (!place.not_beginning.empty()) {
        excluded.push_back(beginning(place.not_beginning));
    }
    const auto may_be = [&](std::string_view name) {
        return place.as.contains(std::string(name)) ||
               place.as.contains(std::string(llama_texts::json_value_rule.text));
    };
    if (may_be(llama_texts::json_object_rule)) {
        excluded.emplace_back(R"(^\s*\{)");
    }
    if (may_be(llama_texts::json_array_rule)) {
        excluded.emplace_back(R"(^\s*\[)");
    }
    if (may_be(llama_texts::json_number_rule)) {
        excluded.emplace_back(R"(^\s*-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*$)");
    }
    if (may_be(llama_texts::json_bool_rule)) {
        excluded.emplace_back(R"(^\s*(true|false)\s*$)");
    }
    if (may_be(llama_texts::json_null_rule)) {
        excluded.emplace_back(R"(^\s*null\s*$)");
    }
    if (may_be(llama_texts::json_string_rule)) {
        excluded.emplace_back(R"(^\s*")");
    }
    return add(*place.tool->rules(place.value, use));
}

std::string Translator::add(const GrammarRules &rules) {
    for (const auto &[name, text] : rules) {
        if (rules_.emplace(name, text).first->second != text) {
            throw Error(LLMODEL_INTERNAL, "two schemas got rules of one name: " + name);
        }
    }
    return rules.at(0).first;
}

} // namespace llmodel::tool_calls
