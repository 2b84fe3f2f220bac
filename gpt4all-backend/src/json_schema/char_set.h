#pragma once

#include <initializer_list>
#include <vector>

namespace llmodel::json_schema {

inline constexpr char32_t last_code_point = 0x10FFFF;

/** Both ends belong to it. */
struct CharRange {
    char32_t low;
    char32_t high;

    bool operator==(const CharRange &) const = default;
    bool operator<(const CharRange &other) const { return low < other.low || (low == other.low && high < other.high); }
};

/** A set of Unicode scalar values: code points without surrogates, which JSON text in UTF-8 cannot hold. */
class CharSet {
  public:
    CharSet() = default;
    CharSet(std::initializer_list<CharRange> ranges);

    static CharSet any();

    void add(CharRange range);
    void add(const CharSet &other);
    CharSet complement() const;
    CharSet intersection(const CharSet &other) const;

    bool empty() const { return ranges_.empty(); }
    bool contains(char32_t code_point) const;
    /** In order, apart from each other. */
    const std::vector<CharRange> &ranges() const { return ranges_; }

    bool operator==(const CharSet &) const = default;
    bool operator<(const CharSet &other) const { return ranges_ < other.ranges_; }

  private:
    std::vector<CharRange> ranges_;
};

} // namespace llmodel::json_schema
