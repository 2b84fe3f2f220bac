#include "languages.h"

#include "formats.h"
#include "json/utf8.h"
#include "regex.h"

#include <algorithm>

namespace llmodel::json_schema {

const Automaton &Languages::pattern(const Schema &schema, std::string_view keyword, const std::string &pattern) {
    const auto found = patterns_.find(pattern);
    if (found != patterns_.end()) {
        return found->second;
    }
    try {
        return patterns_.emplace(pattern, pattern_language(pattern)).first->second;
    } catch (const PatternError &error) {
        refuse(schema, keyword, "the pattern " + quote(pattern) + " cannot be used: " + error.what());
    } catch (const TooLarge &error) {
        refuse(schema, keyword,
               "the pattern " + quote(pattern) + " is too large for a grammar: " + error.what() +
                   "; use smaller repetitions");
    }
}

bool Languages::only_length(const Shape &shape) {
    for (const Schema *schema : shape.formats) {
        if (!format_pattern(schema->find("format")->get_ref<const std::string &>()).empty()) {
            return false;
        }
    }
    return shape.patterns.empty() &&
           std::none_of(shape.exclusions.begin(), shape.exclusions.end(),
                        [](const Schema *schema) { return *schema->find("type") == "string"; });
}

/** The texts that a schema's "not" names; none where it is about numbers. */
Automaton Languages::excluded(const Schema &schema) {
    const auto only = schema.find("not")->begin();
    if (only.key() == "pattern") {
        return pattern(schema, "not", only.value().get<std::string>());
    }
    const json values = only.key() == "enum" ? only.value() : json::array({only.value()});
    std::vector<std::string_view> listed;
    for (const json &text : values) {
        if (text.is_string()) {
            listed.push_back(text.get_ref<const std::string &>());
        }
    }
    return texts(listed);
}

Automaton Languages::strings(const Shape &shape) {
    const Schema *last = nullptr;
    const char *keyword = "";
    try {
        Automaton language = any_text();
        for (const Schema *schema : shape.patterns) {
            last = schema;
            keyword = "pattern";
            language = intersection(language, pattern(*schema, keyword, schema->find(keyword)->get<std::string>()));
        }
        for (const Schema *schema : shape.formats) {
            last = schema;
            keyword = "format";
            const std::string text =
                format_pattern(schema->find(keyword)->get_ref<const std::string &>(),
                               shape.max_length ? std::optional(shape.max_length->value) : std::nullopt);
            if (!text.empty()) {
                language = intersection(language, pattern(*schema, keyword, text));
            }
        }
        for (const Schema *schema : shape.exclusions) {
            last = schema;
            keyword = "not";
            language = intersection(language, complement(excluded(*schema)));
        }
        if (shape.max_length || shape.min_length.value > 0) {
            last = shape.max_length ? shape.max_length->from : shape.min_length.from;
            keyword = shape.max_length ? "maxLength" : "minLength";
            language = with_length(language, shape.min_length.value,
                                   shape.max_length ? std::optional(shape.max_length->value) : std::nullopt);
        }
        return minimal(language);
    } catch (const TooLarge &error) {
        refuse_for_grammar(*last, keyword,
                           std::string("with the other limits on the string, it is too large for a grammar: ") +
                               error.what() + "; use a smaller length or fewer limits");
    }
}

Automaton Languages::numbers(const Shape &shape) {
    const NumberRange range = shape.numbers();
    std::string key = range.integral ? "integer" : "number";
    const auto note = [&](const std::optional<NumberBound> &bound) {
        key += bound ? (bound->exclusive ? " x" : " ") + bound->value.text() : " none";
    };
    note(range.lower);
    note(range.upper);
    for (const Decimal &of : range.multiples_of) {
        key += " " + of.text();
    }
    for (const Decimal &of : range.no_multiples_of) {
        key += " !" + of.text();
    }
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) {
        return found->second;
    }
    try {
        return numbers_.emplace(key, number_language(range)).first->second;
    } catch (const TooLarge &error) {
        const auto [from, keyword] = shape.limit_of_numbers();
        refuse_for_grammar(*from, keyword, std::string("it is too large for a grammar: ") + error.what());
    }
}

} // namespace llmodel::json_schema
