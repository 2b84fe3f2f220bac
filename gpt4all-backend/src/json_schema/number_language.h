#pragma once

#include "automaton.h"
#include "decimal.h"

#include <optional>
#include <vector>

namespace llmodel::json_schema {

struct NumberBound {
    Decimal value;
    bool exclusive = false;
};

/** Which numbers are meant. */
struct NumberRange {
    bool integral = false;
    std::optional<NumberBound> lower;
    std::optional<NumberBound> upper;
    std::vector<Decimal> multiples_of; // greater than 0
    std::vector<Decimal> no_multiples_of;

    bool unlimited() const { return !lower && !upper && multiples_of.empty() && no_multiples_of.empty(); }
};

/**
 * The numbers as JSON writes them without an exponent. Where nothing bounds them they have up to 16 digits before the
 * point, and after it as many as a double tells apart beside the bounds, so that no reader's rounding crosses one.
 * Throws TooLarge.
 */
Automaton number_language(const NumberRange &range);

} // namespace llmodel::json_schema
