#include "json/long_numbers.h"

#include "json/parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace llmodel {

namespace {

constexpr std::string_view number_bytes = "+-.0123456789eE";

/** A number's digits without zeros around them, and where its point is behind the first of them. */
struct Digits {
    std::string digits;
    int64_t point = 0;

    bool operator==(const Digits &) const = default;
};

Digits digits_of(std::string_view number) {
    const size_t e = std::min(number.find_first_of("eE"), number.size());
    Digits made;
    bool fraction = false;
    for (const char byte : number.substr(0, e)) {
        fraction = fraction || byte == '.';
        if (byte < '0' || byte > '9') {
            continue;
        }
        if (byte != '0' || !made.digits.empty()) {
            made.digits += byte;
            made.point += fraction ? 0 : 1;
        } else {
            made.point -= fraction ? 1 : 0;
        }
    }
    made.digits.erase(made.digits.find_last_not_of('0') + 1);
    if (made.digits.empty()) {
        return {};
    }
    if (e < number.size()) {
        const int64_t exponent = std::strtoll(std::string(number.substr(e + 1)).c_str(), nullptr, 10);
        made.point += std::clamp<int64_t>(exponent, INT32_MIN, INT32_MAX);
    }
    return made;
}

template<typename Integer> bool holds(std::string_view number) {
    Integer value{};
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    return read.ec == std::errc() && read.ptr == number.data() + number.size();
}

bool is_marked(std::string_view text) {
    return text.starts_with(number_mark) && text.size() > number_mark.size() &&
           text.find_first_not_of(number_bytes, number_mark.size()) == std::string_view::npos;
}

/** JSON text with what `replace` makes of each number in its place. */
template<typename Replace> std::string with_numbers(const std::string &text, const Replace &replace) {
    std::string made;
    bool quoted = false;
    for (size_t at = 0; at < text.size();) {
        if (!quoted && (text[at] == '-' || (text[at] >= '0' && text[at] <= '9'))) {
            const size_t end = std::min(text.find_first_not_of(number_bytes, at), text.size());
            made += replace(text.substr(at, end - at));
            at = end;
            continue;
        }
        quoted = quoted != (text[at] == '"');
        if (quoted && text[at] == '\\' && at + 1 < text.size()) {
            made += text[at++];
        }
        made += text[at++];
    }
    return made;
}

/** Whether JSON writes numbers so. */
bool is_json_number(std::string_view text) {
    const auto take = [&text](std::string_view bytes) {
        const bool found = !text.empty() && bytes.find(text[0]) != std::string_view::npos;
        text.remove_prefix(found ? 1 : 0);
        return found;
    };
    const auto digits = [&text] {
        const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
        text.remove_prefix(count);
        return count > 0;
    };
    take("-");
    if (!take("0") && !digits()) {
        return false;
    }
    if (take(".") && !digits()) {
        return false;
    }
    if (take("eE")) {
        take("+-");
        return digits() && text.empty();
    }
    return text.empty();
}

} // namespace

bool is_rounded(std::string_view number) {
    if (number.find_first_of(".eE") == std::string_view::npos) {
        return !holds<int64_t>(number) && !holds<uint64_t>(number);
    }
    std::array<char, 64> text{};
    const double value = std::strtod(std::string(number).c_str(), nullptr);
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value); // the fewest digits that tell it
    return digits_of(number) != digits_of({text.data(), static_cast<size_t>(written.ptr - text.data())});
}

std::string mark_numbers(const std::string &text) {
    return with_numbers(text, [](const std::string &number) {
        return is_rounded(number) ? '"' + std::string(number_mark) + number + '"' : number;
    });
}

std::string without_endless(const std::string &text, EndlessNumbers &numbers) {
    size_t before = 0;
    return with_numbers(text, [&](std::string number) {
        if (std::isinf(std::strtod(number.c_str(), nullptr)) && is_json_number(number)) {
            std::string place(number.size(), ' ');
            place[0] = '0';
            numbers.emplace(before, std::exchange(number, std::move(place)));
        }
        ++before;
        return number;
    });
}

bool is_json(const std::string &text) {
    EndlessNumbers numbers;
    return json::accept(without_endless(text, numbers));
}

std::string dump_unmarked(const json &value) {
    const std::string text = dump_json(value);
    const std::string begin = '"' + std::string(number_mark);
    std::string made;
    size_t done = 0;
    for (size_t found = text.find(begin); found != std::string::npos; found = text.find(begin, found + 1)) {
        const size_t number = found + begin.size();
        const size_t end = std::min(text.find_first_not_of(number_bytes, number), text.size());
        if (end > number && end < text.size() && text[end] == '"') {
            made.append(text, done, found - done).append(text, number, end - number);
            done = end + 1;
        }
    }
    return made.append(text, done);
}

json round_marked(json value) {
    if (value.is_string()) {
        const auto &text = value.get_ref<const std::string &>();
        return is_marked(text) ? json(std::strtod(text.c_str() + number_mark.size(), nullptr)) : value;
    }
    if (value.is_structured()) {
        for (json &part : value) {
            part = round_marked(std::move(part));
        }
    }
    return value;
}

} // namespace llmodel
