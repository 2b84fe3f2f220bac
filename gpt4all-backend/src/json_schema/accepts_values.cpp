#include "accepts.h"
#include "formats.h"
#include "json/utf8.h"

#include <algorithm>

namespace llmodel::json_schema {

std::string canonical(const json &value) {
    if (is_number(value)) {
        return decimal_of(value).text();
    }
    if (!value.is_structured()) {
        return value.dump();
    }
    std::vector<std::string> parts;
    for (const auto &[key, inner] : value.items()) {
        parts.push_back(value.is_object() ? json(key).dump() + ":" + canonical(inner) : canonical(inner));
    }
    if (value.is_object()) {
        std::sort(parts.begin(), parts.end());
    }
    std::string text;
    for (const std::string &part : parts) {
        text += (text.empty() ? "" : ",") + part;
    }
    return value.is_object() ? "{" + text + "}" : "[" + text + "]";
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

std::string Acceptance::compared(const Schema &schema, const json &value) {
    std::string text = canonical(value);
    spend(schema, text.size() / 32);
    return text;
}

const std::unordered_set<std::string> &Acceptance::listed(const Schema &schema, const json &values) {
    const auto [found, added] = listed_.try_emplace(&schema);
    if (added) {
        for (const json &value : values) {
            found->second.insert(canonical(value));
        }
    }
    return found->second;
}

bool Acceptance::check_count(const Schema &schema, size_t count, const char *least, const char *most, const char *of) {
    if (const json *lower = schema.find(least); lower != nullptr && count < count_of(*lower)) {
        return fail(schema, least,
                    "it must have at least " + std::to_string(count_of(*lower)) + " " + of + ", and has " +
                        std::to_string(count));
    }
    if (const json *upper = schema.find(most); upper != nullptr && count > count_of(*upper)) {
        return fail(schema, most,
                    "it must have at most " + std::to_string(count_of(*upper)) + " " + of + ", and has " +
                        std::to_string(count));
    }
    return true;
}

bool Acceptance::check_number(const Schema &schema, const json &value) {
    const Decimal number = decimal_of(value);
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
        fail(schema, keyword, std::string("it must be ") + must + bound.text());
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
    spend(schema, number.text().size());
    return is_multiple(number, decimal_of(*divisor)) ||
           fail(schema, "multipleOf", "it must be a multiple of " + decimal_of(*divisor).text());
}

bool Acceptance::check_string(const Schema &schema, const json &value) {
    const auto &text = value.get_ref<const std::string &>();
    spend(schema, text.size() / 32);
    if (!check_count(schema, count_code_points(text), "minLength", "maxLength", "characters")) {
        return false;
    }
    if (const json *pattern = schema.find("pattern")) {
        const auto &expression = pattern->get_ref<const std::string &>();
        if (!languages_.pattern(schema, "pattern", expression).accepts_utf8(text)) {
            return fail(schema, "pattern", "it must match " + quote(expression, 200));
        }
    }
    const json *format = schema.find("format");
    if (format == nullptr) {
        return true;
    }
    const auto fits = [&](std::optional<size_t> most) { // counted beside it, or by the pattern itself
        const std::string pattern = format_pattern(format->get_ref<const std::string &>(), most);
        return pattern.empty() || languages_.pattern(schema, "format", pattern).accepts_utf8(text);
    };
    return fits(std::nullopt) || fits(text.size()) ||
           fail(schema, "format", "it must have the format " + quote(format->get_ref<const std::string &>()));
}

} // namespace llmodel::json_schema
