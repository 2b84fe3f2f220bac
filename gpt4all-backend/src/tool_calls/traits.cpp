#include "tool_calls/traits.h"

#include "chat-peg-parser.h"
#include "json-schema.h"
#include "llama/texts.h"

#include <algorithm>
#include <cctype>
#include <variant>
#include <vector>

namespace llmodel::tool_calls {

namespace {

using Tags = common_chat_peg_builder;

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

} // namespace

common_peg_parser_id resolved(const common_peg_arena &parser, common_peg_parser_id id) {
    const auto *ref = std::get_if<common_peg_ref_parser>(&parser.get(id));
    return ref != nullptr ? parser.get_rule(ref->name) : id;
}

common_peg_parser_id unnamed(const common_peg_arena &parser, common_peg_parser_id id) {
    id = resolved(parser, id);
    while (const auto *rule = std::get_if<common_peg_rule_parser>(&parser.get(id))) {
        id = resolved(parser, rule->child);
    }
    return id;
}

std::vector<common_peg_parser_id> children_of(const common_peg_arena &parser, common_peg_parser_id id) {
    return std::visit(
        [](const auto &part) -> std::vector<common_peg_parser_id> {
            if constexpr (requires { part.children; }) {
                return part.children;
            } else if constexpr (requires { part.child; }) {
                return {part.child};
            } else {
                return {};
            }
        },
        parser.get(resolved(parser, id)));
}

bool contains(const common_peg_arena &parser, common_peg_parser_id whole, common_peg_parser_id part) {
    std::set<common_peg_parser_id> known;
    std::vector<common_peg_parser_id> left = {resolved(parser, whole)};
    while (!left.empty()) {
        const common_peg_parser_id id = left.back();
        left.pop_back();
        for (const common_peg_parser_id child : children_of(parser, id)) {
            const common_peg_parser_id next = resolved(parser, child);
            if (next == resolved(parser, part)) {
                return true;
            }
            if (known.insert(next).second) {
                left.push_back(next);
            }
        }
    }
    return false;
}

std::string first_argument(const common_peg_arena &parser, common_peg_parser_id id) {
    const auto *tag = std::get_if<common_peg_tag_parser>(&parser.get(resolved(parser, id)));
    if (tag != nullptr && tag->tag == Tags::TOOL_ARG_NAME) {
        return first_literal(parser, tag->child);
    }
    for (const common_peg_parser_id child : children_of(parser, id)) {
        if (std::string found = first_argument(parser, child); !found.empty()) {
            return found;
        }
    }
    return "";
}

std::string first_literal(const common_peg_arena &parser, common_peg_parser_id id) {
    if (const auto *literal = std::get_if<common_peg_literal_parser>(&parser.get(resolved(parser, id)))) {
        return literal->literal;
    }
    for (const common_peg_parser_id child : children_of(parser, id)) {
        if (std::string found = first_literal(parser, child); !found.empty()) {
            return found;
        }
    }
    return "";
}

const Traits &TraitsOf::operator()(common_peg_parser_id id) {
    id = resolved(parser_, id);
    if (const auto found = known_.find(id); found != known_.end()) {
        return found->second;
    }
    Traits made;
    if (!open_.insert(id).second) { // within itself: there is nothing new in it
        static const Traits nothing;
        return nothing;
    }
    read(id, made);
    open_.erase(id);
    return known_[id] = std::move(made);
}

void TraitsOf::read(common_peg_parser_id id, Traits &into) {
    if (const auto *tag = std::get_if<common_peg_tag_parser>(&parser_.get(id))) {
        into.content = tag->tag == Tags::CONTENT;
        into.reasoning = tag->tag == Tags::REASONING;
        into.raw = tag->tag == Tags::TOOL_ARG_STRING_VALUE;
        if (tag->tag == Tags::TOOL_NAME) {
            into.tools.insert(first_literal(parser_, tag->child));
        } else if (tag->tag == Tags::TOOL_ARG_NAME) {
            into.arguments.insert(first_literal(parser_, tag->child));
        }
    } else if (const auto *schema = std::get_if<common_peg_schema_parser>(&parser_.get(id))) {
        into.whole = schema->node != nullptr && schema->node->pointer.empty();
    } else if (const auto *rule = std::get_if<common_peg_rule_parser>(&parser_.get(id))) {
        into.literals.insert(rule->name);
        into.bare = rule->name == llama_texts::bare_object_rule.text;
    } else if (std::holds_alternative<common_peg_and_parser>(parser_.get(id)) ||
               std::holds_alternative<common_peg_not_parser>(parser_.get(id))) {
        return; // it reads nothing
    }
    for (const common_peg_parser_id child : children_of(parser_, id)) {
        const Traits &other = (*this)(child);
        into.tools.insert(other.tools.begin(), other.tools.end());
        into.arguments.insert(other.arguments.begin(), other.arguments.end());
        into.literals.insert(other.literals.begin(), other.literals.end());
        into.content |= other.content;
        into.reasoning |= other.reasoning;
        into.raw |= other.raw;
        into.whole |= other.whole;
        into.bare |= other.bare;
    }
    if (const auto *tag = std::get_if<common_peg_tag_parser>(&parser_.get(id));
        tag != nullptr && tag->tag == Tags::TOOL_ARG && !into.arguments.empty()) {
        into.arguments = {first_argument(parser_, tag->child)}; // not the members of its value
    }
}

bool TraitsOf::must_call(common_peg_parser_id id) {
    id = resolved(parser_, id);
    if ((*this)(id).tools.empty()) {
        return false;
    }
    const auto children = children_of(parser_, id);
    const auto must = [&](common_peg_parser_id child) { return must_call(child); };
    const common_peg_parser_variant &part = parser_.get(id);
    if (std::holds_alternative<common_peg_sequence_parser>(part)) {
        return std::any_of(children.begin(), children.end(), must);
    }
    const auto *repeated = std::get_if<common_peg_repetition_parser>(&part);
    if (repeated != nullptr && repeated->min_count == 0) {
        return false;
    }
    return std::all_of(children.begin(), children.end(), must);
}

bool TraitsOf::ends_in_peek(common_peg_parser_id id) {
    id = resolved(parser_, id);
    const common_peg_parser_variant &part = parser_.get(id);
    if (const auto *peek = std::get_if<common_peg_and_parser>(&part)) {
        return !begins_with_space(peek->child) &&
               std::holds_alternative<common_peg_literal_parser>(parser_.get(resolved(parser_, peek->child)));
    }
    if (std::holds_alternative<common_peg_repetition_parser>(part) ||
        std::holds_alternative<common_peg_not_parser>(part)) {
        return false;
    }
    auto children = children_of(parser_, id);
    if (std::holds_alternative<common_peg_choice_parser>(part)) {
        return std::any_of(children.begin(), children.end(), [&](auto child) { return ends_in_peek(child); });
    }
    return !children.empty() && ends_in_peek(children.back());
}

bool TraitsOf::begins_with_space(common_peg_parser_id id) {
    id = resolved(parser_, id);
    const common_peg_parser_variant &part = parser_.get(id);
    if (const auto *literal = std::get_if<common_peg_literal_parser>(&part)) {
        return !literal->literal.empty() && is_space(literal->literal[0]);
    }
    if (std::holds_alternative<common_peg_space_parser>(part)) {
        return true;
    }
    const auto children = children_of(parser_, id);
    return !children.empty() && begins_with_space(children[0]);
}

} // namespace llmodel::tool_calls
