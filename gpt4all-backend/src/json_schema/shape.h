#pragma once

#include "keywords.h"
#include "number_language.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmodel::json_schema {

/** From which schema each was reached that applies to the same value; from null where it begins. */
using Reach = std::map<const Schema *, const Schema *>;

/** Why no value satisfies some schemas. */
struct Contradiction {
    std::string pointer;
    std::string keyword;
    std::string why;
    bool written_so; // within one schema, and not by "false": a mistake wherever it stands
};

/** A limit and the schema that sets it. */
template<typename Value> struct Limit {
    Value value;
    const Schema *from;
    std::string_view keyword;
};

/** What several schemas say together, by types; those that they apply to the same value are not looked at. */
struct Shape {
    std::vector<const Schema *> parts;
    const Reach *reached_from = nullptr; // if it is known
    uint8_t types = type::any;
    const Schema *typed = nullptr; // that has "type"

    std::vector<const Schema *> values; // those with "const" or "enum"

    std::optional<Limit<NumberBound>> lower;
    std::optional<Limit<NumberBound>> upper;
    std::vector<Limit<Decimal>> multiples_of;
    std::vector<Limit<Decimal>> no_multiples_of;

    Limit<size_t> min_length = {0, nullptr, "minLength"};
    std::optional<Limit<size_t>> max_length;
    std::vector<const Schema *> patterns; // those with "pattern"
    std::vector<const Schema *> formats;
    std::vector<const Schema *> exclusions; // those with a "not" that is_exclusion() knows

    Limit<size_t> min_items = {0, nullptr, "minItems"};
    std::optional<Limit<size_t>> max_items;
    const Schema *unique_items = nullptr;

    Limit<size_t> min_properties = {0, nullptr, "minProperties"};
    std::optional<Limit<size_t>> max_properties;
    std::vector<Limit<std::string>> required;

    /** A number's limits as far as its type goes. */
    NumberRange numbers() const;
    /** One of the schemas that limit numbers, and the keyword by which it does; there must be one. */
    std::pair<const Schema *, std::string_view> limit_of_numbers() const;
};

/** Merges the schemas. `contradiction` says why it has no types left. */
Shape merge(const std::vector<const Schema *> &parts, std::optional<Contradiction> &contradiction);

} // namespace llmodel::json_schema
