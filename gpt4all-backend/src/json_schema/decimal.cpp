#include "decimal.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace llmodel::json_schema {

namespace {

void normalise(Decimal &number) {
    number.fraction.erase(number.fraction.find_last_not_of('0') + 1);
    number.whole.erase(0, std::min(number.whole.find_first_not_of('0'), number.whole.size() - 1));
    number.negative = number.negative && !number.zero();
}

/** 0.digits times 10 to the power of `point`; without digits for zero. */
struct Scientific {
    bool negative = false;
    std::string digits; // without zeros at either end
    long long point = 0;
};

// Doubles, and so the limits of schemas, are between 1e-324 and 1e309.
constexpr long long least_point = -1500;
constexpr long long greatest_point = 1500;
constexpr size_t longest_exponent = 15; // digits, beyond which all are one

Scientific scientific_of(const json &number) {
    const std::string text =
        number.is_binary() ? std::string(number.get_binary().begin(), number.get_binary().end()) : number.dump();
    std::string_view rest = text;
    Scientific made;
    made.negative = rest.starts_with('-');
    rest.remove_prefix(made.negative ? 1 : 0);
    if (const size_t e = rest.find_first_of("eE"); e != std::string_view::npos) {
        std::string_view exponent = rest.substr(e + 1);
        const bool below = exponent.starts_with('-');
        exponent.remove_prefix(std::min(exponent.find_first_of("123456789"), exponent.size()));
        made.point =
            exponent.size() > longest_exponent ? 1'000'000'000'000'000 : std::atoll(std::string(exponent).c_str());
        made.point = below ? -made.point : made.point;
        rest = rest.substr(0, e);
    }
    const size_t point = std::min(rest.find('.'), rest.size());
    made.digits = std::string(rest.substr(0, point)) + std::string(point == rest.size() ? "" : rest.substr(point + 1));
    const size_t zeros = std::min(made.digits.find_first_not_of('0'), made.digits.size());
    made.digits.erase(0, zeros);
    made.digits.erase(made.digits.find_last_not_of('0') + 1);
    made.point += static_cast<long long>(point) - static_cast<long long>(zeros);
    return made;
}

std::strong_ordering compare_magnitudes(const Decimal &a, const Decimal &b) {
    if (const auto order = a.whole.size() <=> b.whole.size(); order != std::strong_ordering::equal) {
        return order;
    }
    if (const auto order = a.whole.compare(b.whole) <=> 0; order != std::strong_ordering::equal) {
        return order;
    }
    return a.fraction.compare(b.fraction) <=> 0;
}

} // namespace

std::string Decimal::text() const {
    return (negative ? "-" : "") + whole + (fraction.empty() ? "" : "." + fraction);
}

std::strong_ordering Decimal::operator<=>(const Decimal &other) const {
    if (negative != other.negative) {
        return negative ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return negative ? compare_magnitudes(other, *this) : compare_magnitudes(*this, other);
}

bool is_number(const json &value) {
    return value.is_number() || value.is_binary();
}

bool is_multiple(const Decimal &number, const Decimal &divisor) {
    if (number.fraction.size() > divisor.fraction.size()) {
        return false;
    }
    const size_t digits = divisor.fraction.size();
    const auto scaled = [digits](const Decimal &from) { // without a point
        return from.whole + from.fraction + std::string(digits - from.fraction.size(), '0');
    };
    Decimal left; // the remainder so far, as in long division
    Decimal by = {false, scaled(divisor), ""};
    normalise(by);
    for (const char digit : scaled(number)) {
        left.whole += digit;
        normalise(left);
        while (left >= by) {
            std::string &from = left.whole;
            const std::string less = std::string(from.size() - by.whole.size(), '0') + by.whole;
            int borrowed = 0;
            for (size_t i = from.size(); i-- > 0;) {
                const int made = from[i] - less[i] - borrowed;
                borrowed = made < 0 ? 1 : 0;
                from[i] = static_cast<char>('0' + made + 10 * borrowed);
            }
            normalise(left);
        }
    }
    return left.zero();
}

std::string comparable(const json &number) {
    const Scientific made = scientific_of(number);
    return made.digits.empty() ? "0" : (made.negative ? "-" : "") + made.digits + "e" + std::to_string(made.point);
}

Decimal decimal_of(const json &number) {
    const Scientific from = scientific_of(number);
    if (from.digits.empty()) {
        return {};
    }
    const auto point = std::clamp(from.point, least_point, greatest_point);
    const auto size = static_cast<long long>(from.digits.size());
    Decimal made;
    made.negative = from.negative;
    if (point <= 0) {
        made.fraction = std::string(static_cast<size_t>(-point), '0') + from.digits;
    } else if (point >= size) {
        made.whole = from.digits + std::string(static_cast<size_t>(point - size), '0');
    } else {
        made.whole = from.digits.substr(0, static_cast<size_t>(point));
        made.fraction = from.digits.substr(static_cast<size_t>(point));
    }
    return made;
}

Decimal rounded(const Decimal &number, size_t digits, bool up) {
    if (number.fraction.size() <= digits) {
        return number;
    }
    Decimal made = number;
    made.fraction.resize(digits);
    if (up != number.negative) { // away from zero: one more in the last digit
        std::string all = "0" + made.whole + made.fraction;
        auto digit = all.rbegin();
        for (; *digit == '9'; ++digit) {
            *digit = '0';
        }
        ++*digit;
        made.whole = all.substr(0, all.size() - digits);
        made.fraction = all.substr(all.size() - digits);
    }
    normalise(made);
    return made;
}

} // namespace llmodel::json_schema
