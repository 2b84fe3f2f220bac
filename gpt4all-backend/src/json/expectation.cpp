#include "expectation.h"

#include "utf8.h"

#include <algorithm>
#include <cmath>

namespace llmodel {

std::string join_or(const std::vector<std::string> &parts) {
    std::string out;
    for (size_t i = 0; i < parts.size(); ++i) {
        out += i == 0 ? "" : i + 1 == parts.size() ? " or " : ", ";
        out += parts[i];
    }
    return out;
}

std::string show(double value) {
    constexpr double exact = 9007199254740992.0; // integers above this are not all doubles
    if (value == std::floor(value) && std::abs(value) <= exact) {
        return std::to_string(static_cast<long long>(value));
    }
    return json(value).dump();
}

std::string show(const Scalar &value) {
    struct {
        std::string operator()(std::nullptr_t) const { return "null"; }
        std::string operator()(bool b) const { return b ? "true" : "false"; }
        std::string operator()(double d) const { return show(d); }
        std::string operator()(const std::string &s) const { return quote(s); }
    } visitor;
    return std::visit(visitor, value);
}

std::string range_text(const SchemaNode &node) {
    if (node.minimum && node.maximum && !node.exclusive_minimum && !node.exclusive_maximum) {
        return "between " + show(*node.minimum) + " and " + show(*node.maximum);
    }
    std::string text;
    if (node.minimum) {
        text = (node.exclusive_minimum ? "greater than " : "at least ") + show(*node.minimum);
    }
    if (node.maximum) {
        text += text.empty() ? "" : " and ";
        text += (node.exclusive_maximum ? "less than " : "at most ") + show(*node.maximum);
    }
    return text;
}

std::string allowed_text(const std::vector<Scalar> &allowed) {
    std::string text = allowed.size() == 1 ? "" : "one of ";
    for (size_t i = 0; i < allowed.size(); ++i) {
        text += (i == 0 ? "" : ", ") + show(allowed[i]);
    }
    return text;
}

std::string expectation(const SchemaNode &node) {
    if (node.allowed) {
        return allowed_text(*node.allowed);
    }
    std::vector<std::string> parts;
    const auto add = [&](uint8_t type, const std::string &name) {
        if ((node.types & type) != 0) {
            parts.push_back(name);
        }
    };
    if (node.types == json_type::all) {
        for (const SchemaChoice &choice : node.choices) {
            for (const SchemaNodePtr &branch : choice.branches) {
                const std::string part = expectation(*branch);
                if (std::find(parts.begin(), parts.end(), part) == parts.end()) {
                    parts.push_back(part);
                }
            }
        }
        return join_or(parts);
    }
    add(json_type::boolean, "true or false");
    const std::string range = range_text(node);
    add(json_type::integer,
        ((node.types & json_type::fraction) != 0 ? "a number" : "an integer") + (range.empty() ? "" : " " + range));
    add(json_type::string, "a string");
    add(json_type::array, "an array");
    add(json_type::object, "an object");
    add(json_type::null, "null");
    return join_or(parts);
}

} // namespace llmodel
