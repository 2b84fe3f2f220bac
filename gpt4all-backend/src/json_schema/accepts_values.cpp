#include "accepts.h"
#include "formats.h"
#include "json/utf8.h"

#include <algorithm>
#include <utility>

namespace llmodel::json_schema {

namespace {

void write_canonical(const json &value, std::string &text) {
    if (is_number(value)) {
        text += comparable(value);
        return;
    }
    if (!value.is_structured()) {
        text += value.dump();
        return;
    }
    std::vector<std::pair<std::string_view, const json *>> parts;
    if (value.is_object()) {
        for (const auto &member : value.get_ref<const json::object_t &>()) {
            parts.emplace_back(member.first, &member.second);
        }
        std::sort(parts.begin(), parts.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    } else {
        for (const json &item : value) {
            parts.emplace_back("", &item);
        }
    }
    text += value.is_object() ? '{' : '[';
    for (size_t i = 0; i < parts.size(); ++i) {
        text += i == 0 ? "" : ",";
        if (value.is_object()) {
            text += json(parts[i].first).dump() + ":";
        }
        write_canonical(*parts[i].second, text);
    }
    text += value.is_object() ? '}' : ']';
}

} // namespace

std::string canonical(const json &value) {
    std::string text;
    write_canonical(value, text);
    return text;
}

bool same_value(const json &a, const json &b) {
    return canonical(a) == canonical(b);
}

void Acceptance::spend(const Schema &schema, size_t work) {
    constexpr size_t most = 2'000'000; // about a second
    work_ += work;
    if (work_ > most) {
        refuse(schema, "", "it takes too long to say whether a value is valid");
    }
}

const std::string &Acceptance::compared(const Schema &schema, const json &value) {
    if (compared_.first != &value) {
        compared_ = {&value, canonical(value)};
        spend(schema, value.is_structured() ? compared_.second.size() / 8 : 0);
    }
    return compared_.second;
}

bool Acceptance::is_constant(const Schema &schema, const json &constant, const json &value) {
    const auto [found, added] = constants_.try_emplace(&constant);
    if (added) {
        found->second = canonical(constant);
    }
    const std::string &text = compared(schema, value);
    if (text.size() != found->second.size()) {
        return false;
    }
    spend(schema, value.is_structured() ? text.size() / 128 : 0);
    return text == found->second;
}

bool Acceptance::is_listed(const Schema &schema, const json &values, const json &value) {
    const auto [found, added] = listed_.try_emplace(&values);
    if (added) {
        for (const json &one : values) {
            std::string text = canonical(one);
            found->second[text.size()].insert(std::move(text));
        }
    }
    const std::string &text = compared(schema, value);
    const auto as_long = found->second.find(text.size());
    if (as_long == found->second.end()) {
        return false;
    }
    spend(schema, value.is_structured() ? text.size() / 128 : 0);
    return as_long->second.contains(text);
}

const Members &Acceptance::members(const json &object) {
    return members_.try_emplace(&object, object).first->second;
}

Acceptance::Texts Acceptance::pattern(const Schema &schema) {
    const json &given = *schema.find("pattern");
    const auto [found, added] = texts_.try_emplace(&given);
    if (added) {
        found->second.any = &languages_.pattern(schema, "pattern", given.get_ref<const std::string &>());
    }
    return found->second;
}

Acceptance::Texts Acceptance::format(const Schema &schema) {
    const json &given = *schema.find("format");
    const auto [found, added] = texts_.try_emplace(&given);
    const std::string any = added ? format_pattern(given.get_ref<const std::string &>()) : "";
    if (!any.empty()) {
        found->second.any = &languages_.pattern(schema, "format", any);
        found->second.counted =
            &languages_.pattern(schema, "format", format_pattern(given.get_ref<const std::string &>(), 0));
    }
    return found->second;
}

const std::vector<Acceptance::NamePattern> &Acceptance::name_patterns(const Schema &schema, const json &patterns) {
    const auto [found, added] = name_patterns_.try_emplace(&patterns);
    if (added) {
        for (const auto &[pattern, inner] : patterns.items()) {
            const Automaton &names = languages_.pattern(schema, "patternProperties", pattern);
            found->second.push_back({&names, pattern, &inner});
        }
    }
    return found->second;
}

bool Acceptance::check_count(const Schema &schema, size_t count, const char *least, const char *most, const char *of) {
    if (const json *lower = schema.find(least); lower != nullptr && count < count_of(*lower)) {
        return fail(schema, least, [&] {
            return "it must have at least " + std::to_string(count_of(*lower)) + " " + of + ", and has " +
                   std::to_string(count);
        });
    }
    if (const json *upper = schema.find(most); upper != nullptr && count > count_of(*upper)) {
        return fail(schema, most, [&] {
            return "it must have at most " + std::to_string(count_of(*upper)) + " " + of + ", and has " +
                   std::to_string(count);
        });
    }
    return true;
}

bool Acceptance::check_number(const Schema &schema, const json &value) {
    const Decimal number = decimal_of(value);
    spend(schema, (number.whole.size() + number.fraction.size()) / 32);
    const auto on = [&](const char *keyword) { // as draft 4 has it, beside a bound
        const json *given = schema.find(keyword);
        return given != nullptr && *given == true;
    };
    const auto broken = [&](const char *keyword, bool exclusive, bool lower) {
        const json *given = schema.find(keyword);
        if (given == nullptr || !is_number(*given)) {
            return false;
        }
        const Decimal bound = decimal_of(*given);
        if (lower ? number > bound || (number == bound && !exclusive)
                  : number < bound || (number == bound && !exclusive)) {
            return false;
        }
        const char *must = lower ? (exclusive ? "above " : "at least ") : (exclusive ? "below " : "at most ");
        fail(schema, keyword, [&] { return std::string("it must be ") + must + bound.text(); });
        return true;
    };
    if (broken("minimum", on("exclusiveMinimum"), true) || broken("maximum", on("exclusiveMaximum"), false) ||
        broken("exclusiveMinimum", true, true) || broken("exclusiveMaximum", true, false)) {
        return false;
    }
    const json *divisor = schema.find("multipleOf");
    if (divisor == nullptr) {
        return true;
    }
    const Decimal of = decimal_of(*divisor);
    const size_t digits = of.whole.size() + of.fraction.size();
    spend(schema, (number.whole.size() + of.fraction.size()) * (1 + digits / 16));
    return is_multiple(number, of) ||
           fail(schema, "multipleOf", [&] { return "it must be a multiple of " + of.text(); });
}

bool Acceptance::check_string(const Schema &schema, const json &value) {
    const auto &text = value.get_ref<const std::string &>();
    spend(schema, text.size() / 32);
    if (!check_count(schema, count_code_points(text), "minLength", "maxLength", "characters")) {
        return false;
    }
    const json *expression = schema.find("pattern");
    if (expression != nullptr && !pattern(schema).any->accepts_utf8(text)) {
        return fail(schema, "pattern",
                    [&] { return "it must match " + quote(expression->get_ref<const std::string &>(), 200); });
    }
    const json *named = schema.find("format");
    const Texts allowed = named == nullptr ? Texts() : format(schema);
    return allowed.any == nullptr || allowed.any->accepts_utf8(text) ||
           (text.size() < longest_counted_name && allowed.counted->accepts_utf8(text)) || fail(schema, "format", [&] {
               return "it must have the format " + quote(named->get_ref<const std::string &>());
           });
}

} // namespace llmodel::json_schema
