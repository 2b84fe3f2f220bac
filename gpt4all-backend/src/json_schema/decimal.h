#pragma once

#include "error.h"

#include <compare>
#include <cstddef>
#include <string>

namespace llmodel::json_schema {

/** A number of JSON, exactly: its digits before and after the point, without zeros that say nothing. */
struct Decimal {
    bool negative = false;
    std::string whole = "0";
    std::string fraction;

    bool zero() const { return whole == "0" && fraction.empty(); }
    bool integral() const { return fraction.empty(); }
    Decimal magnitude() const { return {false, whole, fraction}; }
    /** Without an exponent. */
    std::string text() const;

    bool operator==(const Decimal &) const = default;
    std::strong_ordering operator<=>(const Decimal &other) const;
};

/** Whether a value is a number. One of whose digits a double would lose some is its text, in a binary value, which JSON
 * has none of: see parse_json(). */
bool is_number(const json &value);

/** A value that is a number. One that is as near to zero as no limit of a schema may have another exponent. */
Decimal decimal_of(const json &number);

/** A text that two numbers share if they are equal, however long or small they are. */
std::string comparable(const json &number);

/** Whether a number is some integer times another, which is not 0. */
bool is_multiple(const Decimal &number, const Decimal &divisor);

/** The nearest number with at most `digits` digits after the point that is not below (`up`) or not above it. */
Decimal rounded(const Decimal &number, size_t digits, bool up);

} // namespace llmodel::json_schema
