#include "tool_calls/translator.h"

#include "chat-peg-parser.h"
#include "json-schema.h"
#include "llama/texts.h"
#include "tool_calls/notation.h"

#include <algorithm>
#include <optional>
#include <variant>

namespace llmodel::tool_calls {

namespace {

using Tags = common_chat_peg_builder;
using Nested = common_chat_peg_minimax_m3_mapper;

constexpr const char *identifier = "[A-Za-z0-9_-]{1,40}";

} // namespace

void Translator::write_root() {
    Place place;
    place.must = true;
    finish(write(parser_.root(), place));
}

void Translator::write_triggered(const std::vector<common_peg_parser_id> &rules) {
    std::vector<std::string> all;
    for (const common_peg_parser_id id : rules) {
        const bool within = std::any_of(rules.begin(), rules.end(), [&](common_peg_parser_id other) {
            return other != id && contains(parser_, other, id);
        });
        if (!traits_(id).tools.empty() && !within) {
            Place place;
            place.must = true;
            all.push_back(write(id, place));
        }
    }
    finish(alternatives(all));
}

/** Only now, so that nothing is left of a grammar that cannot be made. */
void Translator::finish(const std::string &root) {
    for (const auto &[name, text] : rules_) {
        builder_.add_rule(name, text);
    }
    builder_.add_rule("root", root);
}

std::string Translator::write(common_peg_parser_id id, Place place) {
    id = resolved(parser_, id);
    const Traits &traits = traits_(id);
    if (place.tool == nullptr && traits.tools.size() == 1) {
        if (const auto found = tools_.find(*traits.tools.begin()); found != tools_.end()) {
            place.tool = &found->second;
            enter(*place.tool, traits);
        }
    }
    const common_peg_parser_variant &part = parser_.get(id);
    if (const auto *literal = std::get_if<common_peg_literal_parser>(&part)) {
        return literal->literal.empty() ? "" : gbnf_format_literal(literal->literal);
    }
    if (const auto *all = std::get_if<common_peg_sequence_parser>(&part)) {
        return sequence(all->children, place);
    }
    if (const auto *one = std::get_if<common_peg_choice_parser>(&part)) {
        return choice(one->children, place);
    }
    if (const auto *repeated = std::get_if<common_peg_repetition_parser>(&part)) {
        return repetition(*repeated, place);
    }
    if (const auto *tag = std::get_if<common_peg_tag_parser>(&part)) {
        return tagged(*tag, place);
    }
    if (const auto *named = std::get_if<common_peg_rule_parser>(&part)) {
        return rule(id, *named, place);
    }
    if (const auto *until = std::get_if<common_peg_until_parser>(&part)) {
        return text_until(until->delimiters, place);
    }
    if (const auto *schema = std::get_if<common_peg_schema_parser>(&part)) {
        return place.tool == nullptr ? write(schema->child, place) : json_argument(place);
    }
    if (const auto *chars = std::get_if<common_peg_chars_parser>(&part)) {
        return counted(chars->pattern, chars->min_count, chars->max_count);
    }
    if (const auto *given = std::get_if<common_peg_gbnf_parser>(&part)) {
        if (!traits.raw) {
            return given->grammar;
        }
        place.typed = true;
        place.as = traits.literals;
        return write(given->child, place);
    }
    if (const auto *string = std::get_if<common_peg_string_parser>(&part)) {
        const std::string quote(1, string->delimiter);
        return "( [^" + quote + R"(\\\x00-\x1F] | "\\" ( [)" + quote + R"(\\/bfnrt] | "u" [0-9a-fA-F]{4} ) )*)";
    }
    if (std::holds_alternative<common_peg_space_parser>(part)) {
        return "space";
    }
    if (std::holds_alternative<common_peg_any_parser>(part)) {
        return ".";
    }
    const auto children = children_of(parser_, id);
    const bool looks_ahead =
        std::holds_alternative<common_peg_and_parser>(part) || std::holds_alternative<common_peg_not_parser>(part);
    return children.empty() || looks_ahead ? "" : write(children[0], place);
}

std::string Translator::sequence(const std::vector<common_peg_parser_id> &children, const Place &place) {
    std::optional<size_t> call; // which of them has the call that there must be
    for (size_t i = 0; i < children.size() && place.must; ++i) {
        if (traits_.must_call(children[i])) {
            call = i;
            break;
        }
        if (!call && !traits_(children[i]).tools.empty()) {
            call = i;
        }
    }
    const auto is_reasoning = [&](common_peg_parser_id child) {
        const auto *tag = std::get_if<common_peg_tag_parser>(&parser_.get(resolved(parser_, child)));
        return tag != nullptr && tag->tag == Tags::REASONING;
    };
    const bool thinks = std::any_of(children.begin(), children.end(), is_reasoning);
    std::string made;
    bool spaced = false; // nothing but spaces may come next, or none
    std::string not_beginning = place.not_beginning;
    for (size_t i = 0; i < children.size(); ++i) {
        const common_peg_parser_id id = resolved(parser_, children[i]);
        const common_peg_parser_variant &part = parser_.get(id);
        Place here = place;
        here.must = call == i;
        here.not_beginning = not_beginning;
        if (!here.must && call && !wanted_.parallel && !traits_(id).tools.empty()) {
            continue; // a call more
        }
        if (std::holds_alternative<common_peg_space_parser>(part)) {
            const bool comes = i + 1 < children.size() && traits_.begins_with_space(children[i + 1]);
            if (!spaced && !comes) {
                made = joined(made, "space");
                spaced = true;
            }
            continue;
        }
        if (const auto *no = std::get_if<common_peg_not_parser>(&part)) {
            not_beginning = first_literal(parser_, no->child);
            continue;
        }
        if (std::holds_alternative<common_peg_and_parser>(part)) {
            spaced = spaced || traits_.ends_in_peek(id);
            continue;
        }
        const auto *repeated = std::get_if<common_peg_repetition_parser>(&part);
        std::string text;
        const auto &arguments = traits_(id).arguments;
        if (place.only.empty() && !arguments.empty() && traits_(id).tools.empty() && repeated == nullptr &&
            i + 1 < children.size() && traits_(children[i + 1]).arguments == arguments && place.tool != nullptr) {
            text = list_of_arguments(id, children[i + 1], here);
            ++i;
        } else if (thinks && repeated != nullptr && repeated->min_count == 0 && repeated->max_count == 1 &&
                   std::holds_alternative<common_peg_literal_parser>(parser_.get(resolved(parser_, repeated->child)))) {
            text = write(repeated->child, here); // or anything before a call would be thinking
        } else {
            text = write(id, here);
        }
        not_beginning.clear();
        if (!text.empty()) {
            made = joined(made, text);
            spaced = false;
        }
        spaced = spaced || traits_.ends_in_peek(id);
    }
    return made;
}

std::string Translator::choice(const std::vector<common_peg_parser_id> &children, const Place &place) {
    std::vector<common_peg_parser_id> left = children;
    const auto keep = [&](const auto &wanted) {
        std::vector<common_peg_parser_id> kept;
        std::copy_if(left.begin(), left.end(), std::back_inserter(kept),
                     [&](common_peg_parser_id id) { return wanted(traits_(id)); });
        left = kept.empty() ? left : kept;
    };
    if (place.must) {
        keep([](const Traits &traits) { return !traits.tools.empty(); });
    }
    if (!wanted_.keep_content) {
        keep([](const Traits &traits) { return !traits.content; });
    }
    if (!place.only.empty()) {
        keep([&](const Traits &traits) { return traits.arguments.contains(place.only); });
    }
    std::vector<std::string> all;
    std::optional<Error> refused;
    for (const common_peg_parser_id id : left) {
        try {
            const std::string text = write(id, place);
            if (std::find(all.begin(), all.end(), text) == all.end()) {
                all.push_back(text);
            }
        } catch (const Error &error) {
            if (!place.typed || place.value.empty()) {
                throw;
            }
            refused = error; // of several types that the value may have
        }
    }
    if (all.empty() && refused) {
        throw Error(*refused);
    }
    return alternatives(all);
}

std::string Translator::repetition(const common_peg_repetition_parser &repeated, const Place &place) {
    const Traits &traits = traits_(repeated.child);
    if (!place.items.empty() && repeated.max_count == -1) {
        Place item = place;
        item.items.clear();
        item.value = place.items + "/items";
        const auto [least, most] = place.tool->count_of_items(place.items);
        return counted(write(repeated.child, item), least, most);
    }
    if (!traits.arguments.empty() && traits.tools.empty() && place.value.empty() && place.only.empty() &&
        repeated.max_count == -1 && place.tool != nullptr) {
        return arguments_in_order(repeated.child, place);
    }
    int least = repeated.min_count;
    int most = repeated.max_count;
    if (!traits.tools.empty()) {
        least = place.must ? std::max(least, 1) : least;
        most = wanted_.parallel ? most : 1;
    } else if (place.tool != nullptr && place.value.empty() && place.only.empty() && most == 1 &&
               std::any_of(traits.arguments.begin(), traits.arguments.end(),
                           [&](const std::string &name) { return place.tool->requires_member(place.object, name); })) {
        least = 1;
    } else if (traits.content && !traits.reasoning && !wanted_.keep_content && least == 0) {
        return "";
    }
    if (place.must && !wanted_.parallel && most == 1) {
        return write(repeated.child, place);
    }
    return counted(write(repeated.child, place), least, most);
}

std::string Translator::tagged(const common_peg_tag_parser &tag, const Place &place) {
    Place inside = place;
    if (tag.tag == Tags::CONTENT && !wanted_.keep_content) {
        return "";
    }
    if (tag.tag == Tags::TOOL_OPEN) {
        inside.opening = true;
    } else if (tag.tag == Tags::TOOL_ARGS) {
        inside.opening = false;
        if (traits_(tag.child).bare && place.tool != nullptr) {
            SchemaUse use;
            use.quote = first_literal(parser_, parser_.get_rule(std::string(llama_texts::bare_string_rule.text)));
            return add(*place.tool->rules("", use));
        }
    } else if (tag.tag == Tags::TOOL_ID) {
        const auto &child = parser_.get(unnamed(parser_, tag.child));
        const bool free = std::holds_alternative<common_peg_until_parser>(child) ||
                          std::holds_alternative<common_peg_string_parser>(child);
        return free ? identifier : write(tag.child, inside);
    } else if (tag.tag == Tags::TOOL_ARG || tag.tag == Tags::TOOL_ARG_OPEN) {
        const std::string argument = first_argument(parser_, tag.child);
        if (place.value.empty() && !argument.empty()) {
            inside.value = Tool::member(place.object, argument);
            inside.only.clear();
        }
        inside.opening = true; // until its value
    } else if (tag.tag == Tags::TOOL_ARG_VALUE && place.tool != nullptr && !place.value.empty()) {
        return json_argument(place);
    } else if (tag.tag == Nested::TOOL_ARG_OBJECT && place.tool != nullptr && !place.value.empty()) {
        inside.object = place.tool->described(place.value, "properties");
        inside.value.clear();
        inside.opening = false;
        place.tool->check_members(inside.object);
    } else if (tag.tag == Nested::TOOL_ARG_ARRAY && place.tool != nullptr && !place.value.empty()) {
        inside.items = place.tool->described(place.value, "items");
        inside.opening = false;
        place.tool->check_items(inside.items);
    } else if (tag.tag == Tags::TOOL_ARG_STRING_VALUE && place.tool != nullptr && !place.value.empty()) {
        const auto *until = std::get_if<common_peg_until_parser>(&parser_.get(unnamed(parser_, tag.child)));
        if (until != nullptr) {
            return raw_argument(until->delimiters, place);
        }
    }
    return write(tag.child, inside);
}

std::string Translator::rule(common_peg_parser_id id, const common_peg_rule_parser &rule, const Place &place) {
    const Traits &traits = traits_(id);
    const bool by_place = (traits.raw && traits.arguments.empty()) || !place.value.empty() ||
                          (!place.only.empty() && traits.arguments.size() > 1) || place.typed;
    if (by_place) {
        return write(rule.child, place);
    }
    std::string name = "call-" + std::to_string(id) + (place.must ? "-must" : "") + (place.opening ? "-open" : "");
    if (written_.insert(name).second) {
        const std::string text = write(rule.child, place);
        rules_.emplace(name, text.empty() ? R"("")" : text);
    }
    return name;
}

} // namespace llmodel::tool_calls
