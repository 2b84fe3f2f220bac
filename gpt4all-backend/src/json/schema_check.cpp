#include "schema_check.h"

#include "closest.h"
#include "expectation.h"
#include "utf8.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace llmodel {

namespace {

/** The way from the document's root to a value, kept on the stack. */
struct Step {
    const Step *up = nullptr;
    const std::string *key = nullptr; // in an object
    size_t index = 0;                 // in an array
    size_t order = 0;                 // among its neighbours
};

struct Violation {
    std::string keyword;
    std::string pointer;       // RFC 6901
    std::string shown;         // messages[0].role; empty for the root
    std::string problem;       // what follows the name: " is 3.5; it must be between 0 and 1"
    std::vector<size_t> order; // along the way; greater is further into the document
};

/** Only the beginning of a key that is longer than any of ours goes into messages. */
constexpr size_t longest_shown_key = 100;

void append_step(Violation &violation, const Step *step) {
    if (step == nullptr || step->up == nullptr) {
        return;
    }
    append_step(violation, step->up);
    violation.order.push_back(step->order);
    if (step->key == nullptr) {
        violation.pointer += "/" + std::to_string(step->index);
        violation.shown += "[" + std::to_string(step->index) + "]";
        return;
    }
    const std::string quoted = quote(*step->key, longest_shown_key);
    violation.shown += violation.shown.empty() ? "" : ".";
    violation.shown += quoted.substr(1, quoted.size() - 2);
    violation.pointer += "/";
    for (const char c : *step->key) {
        violation.pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
}

uint8_t type_of(const json &value) {
    switch (value.type()) {
    case json::value_t::null:
        return json_type::null;
    case json::value_t::boolean:
        return json_type::boolean;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
        return json_type::integer;
    case json::value_t::number_float: {
        const double number = value.get<double>();
        return std::floor(number) == number ? json_type::integer : json_type::fraction;
    }
    case json::value_t::string:
        return json_type::string;
    case json::value_t::array:
        return json_type::array;
    case json::value_t::object:
        return json_type::object;
    default:
        return 0;
    }
}

bool equals(const json &value, const Scalar &scalar) {
    switch (scalar.index()) {
    case 0:
        return value.is_null();
    case 1:
        return value.is_boolean() && value.get<bool>() == std::get<bool>(scalar);
    case 2:
        return value.is_number() && value.get<double>() == std::get<double>(scalar);
    default:
        return value.is_string() && value.get_ref<const std::string &>() == std::get<std::string>(scalar);
    }
}

bool is_allowed(const json &value, const std::vector<Scalar> &allowed) {
    return std::any_of(allowed.begin(), allowed.end(), [&](const Scalar &scalar) { return equals(value, scalar); });
}

std::string show_value(const json &value) {
    switch (type_of(value)) {
    case json_type::array:
        return "an array";
    case json_type::object:
        return "an object";
    case json_type::string:
        return quote(value.get_ref<const std::string &>());
    default:
        return value.dump();
    }
}

std::string suggestion(std::string_view name, const std::vector<std::string_view> &candidates) {
    const std::string near = closest(name, candidates);
    return near.empty() ? "" : "; did you mean " + quote(near) + "?";
}

/** Whether a branch only says which keys must be there. */
bool only_requires(const SchemaNode &node) {
    return node.types == json_type::all && !node.required.empty() && node.properties.empty();
}

/** Checks one value; `out` may be null where only the verdict counts. */
class Checker {
  public:
    explicit Checker(Violation *out) : out_(out) {}

    bool check(const SchemaNode &node, const json &value, const Step &at) {
        if (node.allowed && !is_allowed(value, *node.allowed)) {
            return not_allowed(*node.allowed, value, at);
        }
        if ((type_of(value) & node.types) == 0) {
            return wrong_value("type", expectation(node), value, at);
        }
        const bool well_formed = value.is_object()   ? check_object(node, value, at)
                                 : value.is_array()  ? check_array(node, value, at)
                                 : value.is_string() ? check_string(node, value, at)
                                 : value.is_number() ? check_number(node, value, at)
                                                     : true;
        return well_formed && std::all_of(node.choices.begin(), node.choices.end(),
                                          [&](const SchemaChoice &choice) { return check_choice(choice, value, at); });
    }

  private:
    bool fail(const char *keyword, const Step &at, const std::string &problem) {
        *out_ = {keyword, {}, {}, problem, {}};
        append_step(*out_, &at);
        return false;
    }

    bool wrong_value(const char *keyword, const std::string &expected, const json &value, const Step &at) {
        return out_ != nullptr && fail(keyword, at, " is " + show_value(value) + "; it must be " + expected);
    }

    bool not_allowed(const std::vector<Scalar> &allowed, const json &value, const Step &at) {
        if (out_ == nullptr) {
            return false;
        }
        std::vector<std::string_view> names;
        for (const Scalar &scalar : allowed) {
            if (const auto *name = std::get_if<std::string>(&scalar)) {
                names.push_back(*name);
            }
        }
        const bool few = allowed.size() < 2;
        const std::string hint =
            value.is_string() && !few ? suggestion(value.get_ref<const std::string &>(), names) : "";
        return wrong_value(few ? "const" : "enum", allowed_text(allowed) + hint, value, at);
    }

    bool check_number(const SchemaNode &node, const json &value, const Step &at) {
        const auto number = value.get<double>();
        if (node.minimum && (number < *node.minimum || (node.exclusive_minimum && number == *node.minimum))) {
            return wrong_value(node.exclusive_minimum ? "exclusiveMinimum" : "minimum", range_text(node), value, at);
        }
        if (node.maximum && (number > *node.maximum || (node.exclusive_maximum && number == *node.maximum))) {
            return wrong_value(node.exclusive_maximum ? "exclusiveMaximum" : "maximum", range_text(node), value, at);
        }
        return true;
    }

    bool check_string(const SchemaNode &node, const json &value, const Step &at) {
        const auto &text = value.get_ref<const std::string &>();
        if (text.size() <= node.max_length && (node.min_length == 0 || text.size() >= 4 * node.min_length)) {
            return true;
        }
        const size_t length = count_code_points(text);
        if (length < node.min_length) {
            return out_ != nullptr &&
                   fail("minLength", at,
                        length == 0 ? " is empty; it must not be"
                                    : " has " + std::to_string(length) + " characters; it must have at least " +
                                          std::to_string(node.min_length));
        }
        if (length > node.max_length) {
            return out_ != nullptr && fail("maxLength", at,
                                           " has " + std::to_string(length) + " characters; at most " +
                                               std::to_string(node.max_length) + " are allowed");
        }
        return true;
    }

    bool check_array(const SchemaNode &node, const json &value, const Step &at) {
        const size_t count = value.size();
        if (count < node.min_items) {
            return out_ != nullptr && fail("minItems", at,
                                           count == 0 ? " is empty; it must not be"
                                                      : " has " + std::to_string(count) + " items; it must have " +
                                                            (node.max_items == node.min_items ? "" : "at least ") +
                                                            std::to_string(node.min_items));
        }
        if (count > node.max_items) {
            return out_ != nullptr && fail("maxItems", at,
                                           " has " + std::to_string(count) + " items; at most " +
                                               std::to_string(node.max_items) + " are allowed");
        }
        for (size_t i = 0; i < count; ++i) {
            const SchemaNode *item = i < node.prefix_items.size() ? node.prefix_items[i].get() : node.items.get();
            if (item == nullptr) {
                break;
            }
            if (!check(*item, value[i], {&at, nullptr, i, i})) {
                return false;
            }
        }
        return true;
    }

    bool check_object(const SchemaNode &node, const json &value, const Step &at) {
        size_t order = 0;
        for (auto member = value.begin(); member != value.end(); ++member, ++order) {
            const Step step{&at, &member.key(), 0, order};
            const auto property = node.properties.find(member.key());
            if (property != node.properties.end()) {
                if (!check(*property->second, member.value(), step)) {
                    return false;
                }
            } else if (node.closed_by != nullptr) {
                return out_ != nullptr &&
                       fail(node.closed_by, step, " is not a known key" + key_hint(node, member.key()));
            } else if (node.additional && !check(*node.additional, member.value(), step)) {
                return false;
            }
        }
        for (const std::string &key : node.required) {
            if (!value.contains(key)) {
                return out_ != nullptr && fail("required", {&at, &key, 0, order}, " is required");
            }
        }
        return true;
    }

    static std::string key_hint(const SchemaNode &node, const std::string &key) {
        std::vector<std::string_view> names;
        for (const auto &[name, property] : node.properties) {
            names.push_back(name);
        }
        return suggestion(key, names);
    }

    bool check_choice(const SchemaChoice &choice, const json &value, const Step &at) {
        size_t matches = 0;
        for (const SchemaNodePtr &branch : choice.branches) {
            matches += Checker(nullptr).check(*branch, value, at) ? 1 : 0;
            if (matches != 0 && !choice.exactly_one) {
                return true;
            }
        }
        if (matches == 1) {
            return true;
        }
        if (out_ == nullptr) {
            return false;
        }
        return matches == 0 ? explain_none(choice, value, at) : explain_several(choice, at);
    }

    static std::string required_keys(const SchemaChoice &choice) {
        std::vector<std::string> names;
        for (const SchemaNodePtr &branch : choice.branches) {
            names.push_back(branch->required.empty() ? "nothing" : quote(branch->required.front()));
        }
        return join_or(names);
    }

    bool explain_several(const SchemaChoice &choice, const Step &at) {
        return fail("oneOf", at, " takes " + required_keys(choice) + ", but only one of them");
    }

    bool explain_none(const SchemaChoice &choice, const json &value, const Step &at) {
        if (std::all_of(choice.branches.begin(), choice.branches.end(),
                        [](const SchemaNodePtr &branch) { return only_requires(*branch); })) {
            return fail(choice.exactly_one ? "oneOf" : "anyOf", at, " needs " + required_keys(choice));
        }
        std::vector<const SchemaNode *> near;
        for (const SchemaNodePtr &branch : choice.branches) {
            if ((branch->types & type_of(value)) != 0) {
                near.push_back(branch.get());
            }
        }
        if (near.empty()) {
            SchemaNode together;
            together.choices = {choice};
            return wrong_value("type", expectation(together), value, at);
        }
        if (value.is_object() && near.size() > 1 && !narrow(near, value, at)) {
            return false;
        }
        return explain_furthest(near, value, at);
    }

    /** Keeps the branches that a key with fixed values, such as "type" or "role", selects. Reports and returns false if
     *  it selects none. */
    bool narrow(std::vector<const SchemaNode *> &near, const json &value, const Step &at) {
        const std::vector<const SchemaNode *> all = near;
        for (const auto &named : all.front()->properties) {
            const std::string &key = named.first;
            std::vector<Scalar> allowed;
            std::vector<const SchemaNode *> selected;
            const auto member = value.find(key);
            const bool selects = std::all_of(all.begin(), all.end(), [&](const SchemaNode *branch) {
                const auto property = branch->properties.find(key);
                if (property == branch->properties.end() || !property->second->allowed ||
                    std::find(branch->required.begin(), branch->required.end(), key) == branch->required.end()) {
                    return false;
                }
                const auto &values = *property->second->allowed;
                allowed.insert(allowed.end(), values.begin(), values.end());
                if (member != value.end() && is_allowed(*member, values)) {
                    selected.push_back(branch);
                }
                return true;
            });
            if (!selects) {
                continue;
            }
            const Step step{&at, &key, 0, 0};
            if (member == value.end()) {
                return fail("required", step, " is required; it must be " + allowed_text(allowed));
            }
            if (selected.empty()) {
                return not_allowed(allowed, *member, step);
            }
            near = selected;
            return true;
        }
        return true;
    }

    bool explain_furthest(const std::vector<const SchemaNode *> &near, const json &value, const Step &at) {
        Violation furthest;
        for (const SchemaNode *branch : near) {
            Violation violation;
            if (!Checker(&violation).check(*branch, value, at) &&
                (furthest.keyword.empty() || violation.order > furthest.order)) {
                furthest = std::move(violation);
            }
        }
        *out_ = std::move(furthest);
        return false;
    }

    Violation *out_;
};

} // namespace

bool conforms(const SchemaNode &node, const json &value) {
    return Checker(nullptr).check(node, value, Step());
}

void check_document(const SchemaNode &node, std::string_view definition, const json &value) {
    const Step root;
    if (Checker(nullptr).check(node, value, root)) {
        return;
    }
    Violation violation;
    Checker(&violation).check(node, value, root);
    std::string message(definition);
    std::replace(message.begin(), message.end(), '_', ' ');
    message += violation.shown.empty() ? "" : ": \"" + violation.shown + "\"";
    message += violation.problem;
    message += message.back() == '?' ? "" : ".";
    throw Error(LLMODEL_INVALID_ARGUMENT, message,
                {{"path", violation.pointer}, {"definition", definition}, {"keyword", violation.keyword}});
}

} // namespace llmodel
