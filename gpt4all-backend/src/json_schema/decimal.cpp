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
    const size_t digits = std::max(number.fraction.size(), divisor.fraction.size());
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

Decimal decimal_of(const json &number) {
    const std::string text =
        number.is_binary() ? std::string(number.get_binary().begin(), number.get_binary().end()) : number.dump();
    std::string_view rest = text;
    Decimal made;
    if (rest.starts_with('-')) {
        made.negative = true;
        rest.remove_prefix(1);
    }
    int exponent = 0;
    if (const size_t e = rest.find_first_of("eE"); e != std::string_view::npos) {
        exponent = std::atoi(std::string(rest.substr(e + 1)).c_str());
        rest = rest.substr(0, e);
    }
    const size_t point = std::min(rest.find('.'), rest.size());
    made.whole = rest.substr(0, point);
    made.fraction = point == rest.size() ? "" : rest.substr(point + 1);
    for (; exponent > 0; --exponent) {
        made.whole += made.fraction.empty() ? '0' : made.fraction[0];
        made.fraction.erase(0, 1);
    }
    for (; exponent < 0; ++exponent) {
        made.fraction.insert(0, 1, made.whole.empty() ? '0' : made.whole.back());
        if (!made.whole.empty()) {
            made.whole.pop_back();
        }
    }
    if (made.whole.empty()) {
        made.whole = "0";
    }
    normalise(made);
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
