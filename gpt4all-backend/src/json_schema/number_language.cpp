#include "number_language.h"

#include "regex.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace llmodel::json_schema {

namespace {

constexpr size_t usual_digits = 16;
constexpr size_t exact_digits = 15; // that any double keeps
constexpr size_t most_digits = 60;
constexpr size_t largest_divisor = 4000;

std::string repeat(const std::string &what, size_t least, size_t most) {
    return what + "{" + std::to_string(least) + "," + std::to_string(most) + "}";
}

std::string digits(size_t count) {
    return count == 0 ? "" : "[0-9]{" + std::to_string(count) + "}";
}

/** Another digit for `digit`, upwards or downwards, as a class; nothing if there is none. */
std::string other_digit(char digit, bool up, char lowest) {
    if (up ? digit == '9' : digit <= lowest) {
        return "";
    }
    const char from = up ? static_cast<char>(digit + 1) : lowest;
    const char to = up ? '9' : static_cast<char>(digit - 1);
    return std::string{'[', from, '-', to, ']'};
}

std::string any_of(const std::vector<std::string> &options) {
    std::string text;
    for (const std::string &option : options) {
        text += (text.empty() ? "" : "|") + option;
    }
    return "^(?:" + text + ")$";
}

/** Decimals without a sign that are above (`up`) or below a bound, or equal to it unless it is exclusive. */
Automaton beside(const NumberBound &bound, bool up) {
    const std::string &whole = bound.value.whole;
    const std::string &fraction = bound.value.fraction;
    const std::string any_fraction = "(?:\\.[0-9]+)?";
    std::vector<std::string> options;
    if (up) {
        options.push_back("[1-9][0-9]{" + std::to_string(whole.size()) + ",}" + any_fraction);
    } else if (whole.size() > 1) {
        options.push_back("(?:0|[1-9]" + repeat("[0-9]", 0, whole.size() - 2) + ")" + any_fraction);
    }
    for (size_t i = 0; i < whole.size(); ++i) { // the first digit that differs
        const std::string other = other_digit(whole[i], up, i == 0 && whole.size() > 1 ? '1' : '0');
        if (!other.empty()) {
            std::string &option = options.emplace_back(whole, 0, i);
            option.append(other).append(digits(whole.size() - i - 1)).append(any_fraction);
        }
    }
    for (size_t i = 0; i < fraction.size(); ++i) {
        const std::string start = whole + "\\." + fraction.substr(0, i);
        const std::string other = other_digit(fraction[i], up, '0');
        if (!other.empty()) {
            options.push_back(start + other + "[0-9]*");
        }
        if (!up) {
            options.push_back(i == 0 ? whole : start);
        }
    }
    const std::string same = fraction.empty() ? whole : whole + "\\." + fraction;
    if (up) {
        options.push_back(same + (fraction.empty() ? "\\." : "") + "[0-9]*[1-9][0-9]*");
    }
    if (!bound.exclusive) {
        options.push_back(same + (fraction.empty() ? "(?:\\.0+)?" : "0*"));
    }
    return options.empty() ? Automaton{} : pattern_language(any_of(options));
}

Automaton canonical_numbers(size_t whole, size_t fraction) {
    std::string text = "^(?:0|[1-9]" + repeat("[0-9]", 0, whole - 1) + ")";
    if (fraction > 0) {
        text += "(?:\\." + repeat("[0-9]", 1, fraction) + ")?";
    }
    return pattern_language(text + "$");
}

/** Texts of `positive`, and those of `negative` after a minus. */
Automaton signed_numbers(const Automaton &positive, const Automaton &negative) {
    Automaton made = positive;
    if (made.empty()) {
        made.states.emplace_back();
    }
    if (!negative.empty()) {
        const auto offset = static_cast<uint32_t>(made.states.size());
        for (Automaton::State state : negative.states) {
            for (Automaton::Edge &edge : state.edges) {
                edge.to += offset;
            }
            made.states.push_back(std::move(state));
        }
        made.states[0].edges.insert(made.states[0].edges.begin(), {{'-', '-'}, offset});
    }
    return trimmed(made);
}

/** `text` as a number, if it is small enough to count with. Throws TooLarge. */
size_t small_number(const std::string &text) {
    const size_t value = text.size() > 9 ? largest_divisor + 1 : static_cast<size_t>(std::atoll(text.c_str()));
    if (value > largest_divisor) {
        throw TooLarge("a grammar can use divisors up to " + std::to_string(largest_divisor) +
                       ", not counting powers of ten");
    }
    return value;
}

/** Writes the automaton of a number's multiples, which knows the remainder of the digits so far. */
class Multiples {
  public:
    explicit Multiples(const Decimal &of) : scale_(of.fraction.size()) {
        std::string text = of.whole + of.fraction;
        text.erase(0, text.find_first_not_of('0'));
        const size_t kept = scale_ > 0 ? text.size() : text.find_last_not_of('0') + 1;
        zeros_ = text.size() - kept;
        divisor_ = small_number(text.substr(0, kept));
        AutomatonBudget::spend(10 * divisor_);
        made_.states.resize(first_ + divisor_ * (scale_ > 0 ? scale_ + 2 : zeros_ + 1));
        if (made_.states.size() > max_states) {
            throw TooLarge("it needs more than " + std::to_string(max_states) + " states");
        }
    }

    Automaton make() {
        edge(0, '-', 1);
        for (const size_t from : {size_t{0}, size_t{1}}) {
            edge(from, '0', 2);
            for (char c = '1'; c <= '9'; ++c) {
                edge(from, c, id(0, static_cast<size_t>(c - '0') % divisor_));
            }
        }
        made_.states[2].accepting = true;
        if (scale_ > 0) {
            edge(2, '.', id(1, 0));
        }
        for (size_t remainder = 0; remainder < divisor_; ++remainder) {
            scale_ > 0 ? decimals(remainder) : integers(remainder);
        }
        for (Automaton::State &state : made_.states) {
            std::sort(state.edges.begin(), state.edges.end(),
                      [](const Automaton::Edge &a, const Automaton::Edge &b) { return a.on < b.on; });
        }
        return minimal(made_);
    }

  private:
    static constexpr size_t first_ = 3; // after the beginning, a minus, and 0

    size_t id(size_t place, size_t remainder) const { return first_ + place * divisor_ + remainder; }

    void edge(size_t from, char on, size_t to) {
        const auto letter = static_cast<char32_t>(on);
        made_.states[from].edges.push_back({{letter, letter}, static_cast<uint32_t>(to)});
    }

    size_t shifted(size_t remainder, size_t digits) const {
        for (; digits > 0; --digits) {
            remainder = remainder * 10 % divisor_;
        }
        return remainder;
    }

    /** Places are the zeros at the end so far, up to those that each multiple has; the remainder is without them. */
    void integers(size_t remainder) {
        for (size_t zeros = 0; zeros <= zeros_; ++zeros) {
            const size_t from = id(zeros, remainder);
            made_.states[from].accepting = zeros == zeros_ && remainder == 0;
            edge(from, '0', zeros < zeros_ ? id(zeros + 1, remainder) : id(zeros, shifted(remainder, 1)));
            for (char c = '1'; c <= '9'; ++c) {
                edge(from, c, id(0, (shifted(remainder, zeros + 1) + static_cast<size_t>(c - '0')) % divisor_));
            }
        }
    }

    /** Places are before the point, after it, and after each further digit. */
    void decimals(size_t remainder) {
        for (size_t place = 0; place <= scale_ + 1; ++place) {
            const size_t from = id(place, remainder);
            const size_t missing = scale_ - (place == 0 ? 0 : place - 1);
            made_.states[from].accepting = place != 1 && shifted(remainder, missing) == 0;
            for (char c = '0'; c <= '9' && place <= scale_; ++c) {
                edge(from, c,
                     id(place == 0 ? 0 : place + 1, (shifted(remainder, 1) + static_cast<size_t>(c - '0')) % divisor_));
            }
            if (place == 0) {
                edge(from, '.', id(1, remainder));
            }
        }
    }

    size_t scale_;
    size_t zeros_;
    size_t divisor_;
    Automaton made_;
};

/** The magnitudes of a range that is on one side of 0. */
Automaton magnitudes(const NumberRange &range, size_t scale) {
    size_t whole = usual_digits;
    size_t fraction = exact_digits;
    for (const auto *bound : {&range.lower, &range.upper}) {
        if (*bound) {
            const Decimal &value = (*bound)->value;
            whole = std::max(whole, value.whole.size() + 1);
            fraction = std::min(fraction, exact_digits - std::min(exact_digits, value.whole.size()));
        }
    }
    if (range.upper) {
        whole = range.upper->value.whole.size();
    }
    for (const auto *bound : {&range.lower, &range.upper}) {
        fraction = std::max(fraction, *bound ? (*bound)->value.fraction.size() : 0);
    }
    fraction = range.multiples_of.empty() ? fraction : scale;
    Automaton made = canonical_numbers(whole, range.integral ? 0 : fraction);
    if (range.lower) {
        made = intersection(made, beside(*range.lower, true));
    }
    return range.upper ? intersection(made, beside(*range.upper, false)) : made;
}

NumberBound magnitude_of(const NumberBound &bound) {
    return {bound.value.magnitude(), bound.exclusive};
}

/** Bounds with more digits than make sense in an answer become narrower ones. */
NumberRange narrowed(NumberRange range) {
    std::string largest(most_digits, '9');
    const auto narrow = [&](std::optional<NumberBound> &bound, bool lower) {
        if (!bound) {
            return;
        }
        if (bound->value.whole.size() > most_digits) {
            if (bound->value.negative == lower) {
                bound = NumberBound{{lower, largest, ""}};
                return;
            }
            throw TooLarge("a grammar can have numbers of up to " + std::to_string(most_digits) + " digits");
        }
        const Decimal near = rounded(bound->value, most_digits, lower);
        bound = NumberBound{near, bound->exclusive && near == bound->value};
    };
    narrow(range.lower, true);
    narrow(range.upper, false);
    return range;
}

} // namespace

Automaton number_language(const NumberRange &wanted) {
    const NumberRange range = narrowed(wanted);
    size_t scale = 0;
    for (const Decimal &of : range.multiples_of) {
        scale = std::max(scale, of.fraction.size());
    }
    const auto below_zero = [](const std::optional<NumberBound> &bound) {
        return bound && (bound->value.negative || (bound->value.zero() && bound->exclusive));
    };
    const auto above_zero = [](const std::optional<NumberBound> &bound) {
        return bound && !bound->value.negative && (!bound->value.zero() || bound->exclusive);
    };
    Automaton positive;
    Automaton negative;
    if (!below_zero(range.upper)) {
        NumberRange half = range;
        if (half.lower && half.lower->value.negative) {
            half.lower.reset();
        }
        positive = magnitudes(half, scale);
    }
    if (!above_zero(range.lower) && !(range.lower && range.lower->value.zero())) {
        NumberRange half = range;
        half.lower = range.upper && below_zero(range.upper) ? magnitude_of(*range.upper) : NumberBound{{}, true};
        half.upper = range.lower ? std::optional(magnitude_of(*range.lower)) : std::nullopt;
        negative = magnitudes(half, scale);
    }
    Automaton made = signed_numbers(positive, negative);
    for (const Decimal &of : range.multiples_of) {
        made = intersection(made, Multiples(of).make());
    }
    if (!range.no_multiples_of.empty()) { // multiples are known by the shortest way to write them
        made = intersection(made, complement(pattern_language("\\.[0-9]*0$")));
    }
    for (const Decimal &of : range.no_multiples_of) {
        made = intersection(made, complement(Multiples(of).make()));
    }
    return minimal(made);
}

} // namespace llmodel::json_schema
