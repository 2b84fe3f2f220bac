#include "shape.h"

#include "conditions.h"

#include <algorithm>

namespace llmodel::json_schema {

namespace {

void raise(Limit<size_t> &limit, const Schema &schema, const json &value) {
    const size_t count = count_of(value);
    if (limit.from == nullptr || count > limit.value) {
        limit = {count, &schema, limit.keyword};
    }
}

void lower(std::optional<Limit<size_t>> &limit, const Schema &schema, std::string_view keyword, const json &value) {
    const size_t count = count_of(value);
    if (!limit || count < limit->value) {
        limit = Limit<size_t>{count, &schema, keyword};
    }
}

class Merger {
  public:
    Shape merge(const std::vector<const Schema *> &parts, std::optional<Contradiction> &contradiction) {
        shape_.parts = parts;
        for (const Schema *part : parts) {
            add(*part);
        }
        if (shape_.typed == nullptr && shape_.values.empty()) {
            // Keywords of some types alone would admit any value of the others, which nobody means.
            unsigned meant = 0;
            for (const Schema *part : parts) {
                meant |= types_meant(*part);
            }
            shape_.types = meant == 0 ? type::any : static_cast<uint8_t>(meant);
        }
        drop_impossible();
        if (shape_.types == 0) {
            contradiction = why_;
        }
        return std::move(shape_);
    }

  private:
    void add(const Schema &part) {
        const auto number = [](const json *value) { return value != nullptr && value->is_number(); };
        const auto on = [](const json *value) { return value != nullptr && *value == true; };
        if (part.find("type") != nullptr) {
            const uint8_t types = types_of(part);
            if ((shape_.types & types) == 0) {
                why_ = {part.pointer, "type", "no value has all the required types", false};
            }
            shape_.types &= types;
            shape_.typed = &part;
        }
        if (part.find("const") != nullptr || part.find("enum") != nullptr) {
            shape_.values.push_back(&part);
        }
        // draft 4 says that a bound is exclusive beside it
        if (const json *value = part.find("minimum")) {
            bound(shape_.lower, part, "minimum", *value, on(part.find("exclusiveMinimum")), true);
        }
        if (const json *value = part.find("maximum")) {
            bound(shape_.upper, part, "maximum", *value, on(part.find("exclusiveMaximum")), false);
        }
        if (const json *value = part.find("exclusiveMinimum"); number(value)) {
            bound(shape_.lower, part, "exclusiveMinimum", *value, true, true);
        }
        if (const json *value = part.find("exclusiveMaximum"); number(value)) {
            bound(shape_.upper, part, "exclusiveMaximum", *value, true, false);
        }
        if (const json *value = part.find("multipleOf")) {
            shape_.multiples_of.push_back({decimal_of(*value), &part, "multipleOf"});
        }
        counts(part);
        if (part.find("pattern") != nullptr) {
            shape_.patterns.push_back(&part);
        }
        if (part.find("format") != nullptr) {
            shape_.formats.push_back(&part);
        }
        if (is_exclusion(part)) {
            shape_.exclusions.push_back(&part);
            if (const json &none = *part.find("not"); none.contains("multipleOf")) {
                shape_.no_multiples_of.push_back({decimal_of(none.at("multipleOf")), &part, "not"});
            }
        }
        if (on(part.find("uniqueItems"))) {
            shape_.unique_items = &part;
        }
        if (const json *names = part.find("required")) {
            for (const json &name : *names) {
                auto text = name.get<std::string>();
                const bool known = std::any_of(shape_.required.begin(), shape_.required.end(),
                                               [&](const auto &other) { return other.value == text; });
                if (!known) {
                    shape_.required.push_back({std::move(text), &part, "required"});
                }
            }
        }
    }

    void counts(const Schema &part) {
        if (const json *value = part.find("minLength")) {
            raise(shape_.min_length, part, *value);
        }
        if (const json *value = part.find("maxLength")) {
            lower(shape_.max_length, part, "maxLength", *value);
        }
        if (const json *value = part.find("minItems")) {
            raise(shape_.min_items, part, *value);
        }
        if (const json *value = part.find("maxItems")) {
            lower(shape_.max_items, part, "maxItems", *value);
        }
        if (const json *value = part.find("minProperties")) {
            raise(shape_.min_properties, part, *value);
        }
        if (const json *value = part.find("maxProperties")) {
            lower(shape_.max_properties, part, "maxProperties", *value);
        }
    }

    static void bound(std::optional<Limit<NumberBound>> &into, const Schema &part, std::string_view keyword,
                      const json &value, bool exclusive, bool is_lower) {
        const NumberBound made = {decimal_of(value), exclusive};
        const bool narrower = !into || (is_lower ? made.value > into->value.value : made.value < into->value.value) ||
                              (made.value == into->value.value && exclusive);
        if (narrower) {
            into = Limit<NumberBound>{made, &part, keyword};
        }
    }

    void drop(uint8_t types, const Schema &a, const Schema *b, std::string_view keyword, const std::string &why) {
        if ((shape_.types & types) == 0) {
            return;
        }
        shape_.types = static_cast<uint8_t>(shape_.types & ~types);
        const bool written_so = b == nullptr || b == &a;
        if (!why_.written_so || written_so) {
            why_ = {a.pointer, std::string(keyword), why, written_so};
        }
        if (written_so) { // a mistake, even if other types are left
            refuse(a, keyword, why);
        }
    }

    template<typename Maximum> void compare_counts(uint8_t types, const Limit<size_t> &least, const Maximum &most) {
        if (most && least.value > most->value) {
            drop(types, *most->from, least.from, most->keyword,
                 "nothing is at least " + std::to_string(least.value) + " (\"" + std::string(least.keyword) +
                     "\") and at most " + std::to_string(most->value));
        }
    }

    void drop_impossible() {
        compare_counts(type::string, shape_.min_length, shape_.max_length);
        compare_counts(type::array, shape_.min_items, shape_.max_items);
        compare_counts(type::object, shape_.min_properties, shape_.max_properties);
        if (shape_.lower && shape_.upper) {
            const NumberBound &least = shape_.lower->value;
            const NumberBound &most = shape_.upper->value;
            if (least.value > most.value || (least.value == most.value && (least.exclusive || most.exclusive))) {
                drop(type::number, *shape_.upper->from, shape_.lower->from, shape_.upper->keyword,
                     "no number is " + std::string(least.exclusive ? "above " : "at least ") + least.value.text() +
                         " and " + (most.exclusive ? "below " : "at most ") + most.value.text());
            }
        }
    }

    Shape shape_;
    Contradiction why_ = {"", "", "no value satisfies it", false};
};

} // namespace

NumberRange Shape::numbers() const {
    NumberRange range;
    range.integral = (types & type::fraction) == 0;
    range.lower = lower ? std::optional(lower->value) : std::nullopt;
    range.upper = upper ? std::optional(upper->value) : std::nullopt;
    for (const Limit<Decimal> &of : multiples_of) {
        range.multiples_of.push_back(of.value);
    }
    for (const Limit<Decimal> &of : no_multiples_of) {
        range.no_multiples_of.push_back(of.value);
    }
    return range;
}

std::pair<const Schema *, std::string_view> Shape::limit_of_numbers() const {
    for (const auto *multiples : {&multiples_of, &no_multiples_of}) {
        if (!multiples->empty()) {
            return {multiples->at(0).from, multiples->at(0).keyword};
        }
    }
    return lower ? std::pair(lower->from, lower->keyword) : std::pair(upper->from, upper->keyword);
}

Shape merge(const std::vector<const Schema *> &parts, std::optional<Contradiction> &contradiction) {
    return Merger().merge(parts, contradiction);
}

} // namespace llmodel::json_schema
