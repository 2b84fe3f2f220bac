#include "char_set.h"

#include <algorithm>

namespace llmodel::json_schema {

namespace {

constexpr CharRange surrogates = {0xD800, 0xDFFF};

} // namespace

CharSet::CharSet(std::initializer_list<CharRange> ranges) {
    for (const CharRange &range : ranges) {
        add(range);
    }
}

CharSet CharSet::any() {
    return {{0, last_code_point}};
}

void CharSet::add(CharRange range) {
    if (range.low <= surrogates.high && range.high >= surrogates.low) {
        if (range.low < surrogates.low) {
            add(CharRange{range.low, surrogates.low - 1});
        }
        if (range.high > surrogates.high) {
            add(CharRange{surrogates.high + 1, range.high});
        }
        return;
    }
    const auto first = std::find_if(ranges_.begin(), ranges_.end(),
                                    [&](const CharRange &other) { return other.high + 1 >= range.low; });
    auto last = first;
    for (; last != ranges_.end() && last->low <= range.high + 1; ++last) {
        range.low = std::min(range.low, last->low);
        range.high = std::max(range.high, last->high);
    }
    ranges_.insert(ranges_.erase(first, last), range);
}

void CharSet::add(const CharSet &other) {
    for (const CharRange &range : other.ranges_) {
        add(range);
    }
}

CharSet CharSet::complement() const {
    CharSet others;
    char32_t next = 0;
    for (const CharRange &range : ranges_) {
        if (range.low > next) {
            others.add(CharRange{next, range.low - 1});
        }
        next = range.high + 1;
    }
    if (next <= last_code_point) {
        others.add(CharRange{next, last_code_point});
    }
    return others;
}

CharSet CharSet::intersection(const CharSet &other) const {
    CharSet both;
    auto a = ranges_.begin();
    auto b = other.ranges_.begin();
    while (a != ranges_.end() && b != other.ranges_.end()) {
        const CharRange common = {std::max(a->low, b->low), std::min(a->high, b->high)};
        if (common.low <= common.high) {
            both.ranges_.push_back(common);
        }
        a->high < b->high ? static_cast<void>(++a) : static_cast<void>(++b);
    }
    return both;
}

bool CharSet::contains(char32_t code_point) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const CharRange &range) { return range.low <= code_point && code_point <= range.high; });
}

} // namespace llmodel::json_schema
