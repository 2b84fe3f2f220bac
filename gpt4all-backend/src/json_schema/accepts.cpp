#include "accepts.h"

#include "json/utf8.h"
#include "steps.h"

#include <algorithm>
#include <utility>

namespace llmodel::json_schema {

namespace {

/** Whether a keyword stands somewhere that is about what others leave over. */
bool speaks_of_unevaluated(const json &value) {
    for (const auto &[key, inner] : value.items()) {
        if (value.is_object() && (key == "unevaluatedItems" || key == "unevaluatedProperties")) {
            return true;
        }
        if (inner.is_structured() && speaks_of_unevaluated(inner)) {
            return true;
        }
    }
    return false;
}

uint8_t type_of(const json &value) {
    switch (value.type()) {
    case json::value_t::null:
        return type::null;
    case json::value_t::boolean:
        return type::boolean;
    case json::value_t::string:
        return type::string;
    case json::value_t::array:
        return type::array;
    case json::value_t::object:
        return type::object;
    default:
        return decimal_of(value).integral() ? type::integer : type::fraction;
    }
}

std::string cut(std::string text) {
    constexpr size_t most = 200;
    if (text.size() <= most) {
        return text;
    }
    text.resize(most);
    text.resize(std::min(first_invalid_utf8(text), text.size()));
    return text + "…";
}

} // namespace

bool Acceptance::accepts(const Schema &schema, const json &value) {
    begin(true);
    try {
        return check(schema, value, nullptr);
    } catch (const Unsayable &) {
        if (!document_.relaxed()) {
            throw;
        }
        return true;
    }
}

bool Acceptance::accepts_directly(const Schema &schema, const json &value) {
    begin(true);
    if (schema.value.is_boolean()) {
        return schema.is(true);
    }
    check_keywords(schema);
    return check_own(schema, value, nullptr) && check_conditions(schema, value, nullptr);
}

std::optional<Fault> Acceptance::fault(const Schema &schema, const json &value) {
    begin(false);
    return check(schema, value, nullptr) ? std::nullopt : std::move(fault_);
}

void Acceptance::begin(bool quiet) {
    fault_.reset();
    path_.clear();
    resources_.clear();
    compared_ = {};
    from_root_ = !quiet;
    quiet_ = quiet ? 1 : 0;
    depth_ = 0;
    work_ = 0;
}

void Acceptance::note(const Schema &schema, std::string_view keyword, std::string why) {
    std::string pointer;
    for (const std::string &token : path_) {
        pointer += "/" + escape_token(token);
    }
    fault_ = Fault{std::move(pointer), &schema, std::string(keyword), std::move(why)};
}

bool Acceptance::tracks_evaluated() {
    if (!tracks_evaluated_) {
        const json &root = document_.at("").value;
        tracks_evaluated_ = root.is_structured() && speaks_of_unevaluated(root);
    }
    return *tracks_evaluated_;
}

bool Acceptance::check(const Schema &schema, const json &value, Evaluated *evaluated) {
    if (schema.value.is_boolean()) {
        return schema.is(true) || fail(schema, "", [] { return "nothing is allowed here"; });
    }
    const Step step(*this, schema);
    check_keywords(schema);
    if (quiet_ > 1 && schema.incomplete()) { // and perhaps it is asked for what is not valid under it
        refuse_for_grammar(schema, "", "a part of it is left out");
    }
    Evaluated own;
    Evaluated *seen = tracks_evaluated() ? &own : nullptr;
    const bool valid = check_own(schema, value, seen) && check_references(schema, value, seen) &&
                       check_combinations(schema, value, seen) && check_conditions(schema, value, seen) &&
                       (seen == nullptr || document_.relaxed() || check_unevaluated(schema, value, own));
    if (valid && evaluated != nullptr) {
        spend(schema, own.size() / 8);
        evaluated->insert(own.begin(), own.end());
    }
    return valid;
}

bool Acceptance::check_own(const Schema &schema, const json &value, Evaluated *evaluated) {
    return check_type(schema, value) && check_values(schema, value) &&
           (!is_number(value) || check_number(schema, value)) && (!value.is_string() || check_string(schema, value)) &&
           (!value.is_array() || check_array(schema, value, evaluated)) &&
           (!value.is_object() || check_object(schema, value, evaluated));
}

bool Acceptance::check_type(const Schema &schema, const json &value) {
    return (types_of(schema) & type_of(value)) != 0 ||
           fail(schema, "type", [&] { return "it must be of type " + cut(schema.find("type")->dump()); });
}

bool Acceptance::check_values(const Schema &schema, const json &value) {
    if (const json *only = schema.find("const"); only != nullptr && !is_constant(schema, *only, value)) {
        return fail(schema, "const", [&] { return "it must be " + cut(only->dump()); });
    }
    if (const json *values = schema.find("enum"); values != nullptr && !is_listed(schema, *values, value)) {
        return fail(schema, "enum", [&] { return "it must be one of " + cut(values->dump()); });
    }
    return true;
}

bool Acceptance::check_conditions(const Schema &schema, const json &value, Evaluated *evaluated) {
    const auto holds = [&](const char *keyword, Evaluated *seen) {
        const Quiet quiet(*this);
        return check(document_.child(schema, keyword), value, seen);
    };
    if (schema.find("not") != nullptr && holds("not", nullptr)) {
        return fail(schema, "not", [] { return "it must not be valid under the schema there"; });
    }
    if (schema.find("if") == nullptr) {
        return true;
    }
    const char *next = holds("if", evaluated) ? "then" : "else";
    return schema.find(next) == nullptr || check(document_.child(schema, next), value, evaluated);
}

bool Acceptance::check_references(const Schema &schema, const json &value, Evaluated *evaluated) {
    if (schema.find("$dynamicRef") != nullptr) { // which is looked for on the way here
        spend(schema, resources_.size() / 8);
    }
    const std::vector<const Schema *> targets = document_.targets(schema, from_root_ ? &resources_ : nullptr);
    return std::all_of(targets.begin(), targets.end(),
                       [&](const Schema *target) { return check(*target, value, evaluated); }) &&
           (document_.linked(schema) == nullptr || check(*document_.linked(schema), value, evaluated));
}

bool Acceptance::check_combinations(const Schema &schema, const json &value, Evaluated *evaluated) {
    if (const json *all = schema.find("allOf")) {
        for (size_t i = 0; i < all->size(); ++i) {
            if (!check(document_.child(schema, "allOf", std::to_string(i), all->at(i)), value, evaluated)) {
                return false;
            }
        }
    }
    if (schema.find("anyOf") != nullptr && matching(schema, "anyOf", value, evaluated) == 0) {
        return fail(schema, "anyOf", [] { return "it is not valid under any of the schemas there"; });
    }
    if (schema.find("oneOf") != nullptr) {
        const size_t count = matching(schema, "oneOf", value, evaluated);
        if (count != 1) {
            return fail(schema, "oneOf", [&] {
                return "it must be valid under one of the schemas there, and is under " + std::to_string(count);
            });
        }
    }
    return true;
}

size_t Acceptance::matching(const Schema &schema, std::string_view keyword, const json &value, Evaluated *evaluated) {
    const Quiet quiet(*this);
    size_t count = 0;
    for (size_t i = 0; i < schema.find(keyword)->size(); ++i) {
        const Schema &option = document_.child(schema, keyword, std::to_string(i), schema.find(keyword)->at(i));
        count += check(option, value, evaluated) ? 1 : 0;
        if (count > 0 && keyword == "anyOf" && evaluated == nullptr) {
            break;
        }
    }
    return count;
}

bool Acceptance::check_unevaluated(const Schema &schema, const json &value, Evaluated &evaluated) {
    const char *keyword = value.is_array() ? "unevaluatedItems" : "unevaluatedProperties";
    if (!value.is_structured() || schema.find(keyword) == nullptr) {
        return true;
    }
    spend(schema, value.size() / 4);
    for (const auto &[token, inner] : value.items()) {
        if (evaluated.insert(&inner).second && !check_inside(document_.child(schema, keyword), token, inner)) {
            return false;
        }
    }
    return true;
}

bool Acceptance::check_inside(const Schema &schema, const std::string &token, const json &value) {
    const Inside inside(*this, token);
    return check(schema, value, nullptr);
}

} // namespace llmodel::json_schema
