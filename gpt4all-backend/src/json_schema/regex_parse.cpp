#include "json/utf8.h"
#include "regex.h"

#include <optional>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr int max_groups = 100; // one within another
constexpr size_t max_repetitions = 10000;

const CharSet digit_set = {{'0', '9'}};
const CharSet word_set = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CharSet space_set = {{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                           {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const CharSet line_end_set = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

RegexPtr node(Regex::Kind kind, std::vector<RegexPtr> parts = {}) {
    return std::make_shared<Regex>(Regex{kind, {}, std::move(parts)});
}

RegexPtr node(CharSet set) {
    return std::make_shared<Regex>(Regex{Regex::Kind::set, std::move(set), {}});
}

bool is_digit(char32_t c) {
    return '0' <= c && c <= '9';
}

bool is_letter(char32_t c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z');
}

class RegexParser {
  public:
    explicit RegexParser(std::string_view pattern) : pattern_(code_points(pattern)) {}

    RegexPtr parse() {
        RegexPtr whole = choice();
        if (!at_end()) {
            fail("there is a \")\" without a \"(\"");
        }
        return whole;
    }

  private:
    [[noreturn]] void fail(const std::string &why) const {
        throw PatternError(why + ", at character " + std::to_string(at_ + 1));
    }

    bool at_end() const { return at_ == pattern_.size(); }
    char32_t peek(size_t ahead = 0) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : 0; }

    bool take(char32_t c) {
        const bool found = !at_end() && peek() == c;
        at_ += found ? 1 : 0;
        return found;
    }

    bool take(std::u32string_view text) {
        const bool found = std::u32string_view(pattern_).substr(at_).starts_with(text);
        at_ += found ? text.size() : 0;
        return found;
    }

    RegexPtr choice() {
        std::vector<RegexPtr> options = {sequence()};
        while (take('|')) {
            options.push_back(sequence());
        }
        return options.size() == 1 ? options[0] : node(Regex::Kind::choice, std::move(options));
    }

    RegexPtr sequence() {
        std::vector<RegexPtr> parts;
        while (!at_end() && peek() != '|' && peek() != ')') {
            parts.push_back(repeated(atom()));
        }
        return parts.size() == 1 ? parts[0] : node(Regex::Kind::sequence, std::move(parts));
    }

    std::optional<size_t> number() {
        if (!is_digit(peek())) {
            return std::nullopt;
        }
        size_t value = 0;
        while (is_digit(peek())) {
            value = std::min(value * 10 + (pattern_[at_++] - '0'), max_repetitions + 1);
        }
        return value;
    }

    /** {m}, {m,} or {m,n}; as JavaScript and Python have it, other braces stand for themselves. */
    bool take_braces(Regex &repeat) {
        const size_t start = at_;
        const std::optional<size_t> least = take('{') ? number() : std::nullopt;
        std::optional<size_t> most = least;
        if (least && take(',')) {
            most = peek() == '}' ? std::optional(Regex::unlimited) : number();
        }
        if (!least || !most || !take('}')) {
            at_ = start;
            return false;
        }
        if (*least > *most) {
            at_ = start;
            fail("a repetition's upper bound is below its lower one");
        }
        if (*least > max_repetitions || (*most != Regex::unlimited && *most > max_repetitions)) {
            throw TooLarge("it repeats something more than " + std::to_string(max_repetitions) + " times");
        }
        repeat.least = *least;
        repeat.most = *most;
        return true;
    }

    RegexPtr repeated(RegexPtr what) {
        Regex repeat{Regex::Kind::repeat, {}, {what}};
        if (take('*')) {
            repeat.most = Regex::unlimited;
        } else if (take('+')) {
            repeat.least = 1;
            repeat.most = Regex::unlimited;
        } else if (take('?')) {
            repeat.most = 1;
        } else if (peek() != '{' || !take_braces(repeat)) {
            return what;
        }
        if (what->kind != Regex::Kind::set && what->kind != Regex::Kind::sequence &&
            what->kind != Regex::Kind::choice && what->kind != Regex::Kind::repeat) {
            fail("an assertion, such as \"^\", cannot be repeated");
        }
        take('?'); // lazy: it finds the same texts
        if (peek() == '+' && !at_end()) {
            fail("ECMA-262 has no possessive repetitions, such as \"a++\"");
        }
        if (peek() == '*' || peek() == '?') {
            fail("there is nothing to repeat");
        }
        return std::make_shared<Regex>(std::move(repeat));
    }

    RegexPtr group() {
        if (++groups_ > max_groups) {
            fail("the groups are nested too deeply");
        }
        auto kind = Regex::Kind::sequence;
        if (take(U"?:")) {
        } else if (take(U"?=")) {
            kind = Regex::Kind::ahead;
        } else if (take(U"?!")) {
            kind = Regex::Kind::not_ahead;
        } else if (take(U"?<=") || take(U"?<!")) {
            fail("a lookbehind cannot be made into a grammar");
        } else if (take(U"?<")) {
            while (!at_end() && peek() != '>') {
                ++at_;
            }
            if (!take('>')) {
                fail("a group's name has no end");
            }
        } else if (peek() == '?') {
            fail("\"(?\" does not begin a group of ECMA-262");
        }
        RegexPtr inner = choice();
        if (!take(')')) {
            fail("a \"(\" has no \")\"");
        }
        --groups_;
        // a group of its own, so that what follows repeats all of it
        return node(kind, {std::move(inner)});
    }

    RegexPtr atom() {
        const char32_t c = pattern_[at_++];
        switch (c) {
        case '^':
            return node(Regex::Kind::begin);
        case '$':
            return node(Regex::Kind::end);
        case '(':
            return group();
        case '.':
            return node(line_end_set.complement());
        case '[':
            return node(char_class());
        case '*':
        case '+':
        case '?':
            --at_;
            fail("there is nothing to repeat");
        case '\\':
            if (peek() == 'b' || peek() == 'B') {
                fail("a word boundary, \\b, cannot be made into a grammar");
            }
            return node(escape());
        default:
            return node(CharSet{{c, c}});
        }
    }

    char32_t hex(size_t count) {
        char32_t value = 0;
        for (size_t i = 0; i < count; ++i) {
            const char32_t c = peek();
            const int digit = is_digit(c)            ? static_cast<int>(c - '0')
                              : 'a' <= c && c <= 'f' ? static_cast<int>(c - 'a') + 10
                              : 'A' <= c && c <= 'F' ? static_cast<int>(c - 'A') + 10
                                                     : -1;
            if (digit < 0) {
                fail("a hexadecimal digit is missing");
            }
            value = value * 16 + static_cast<char32_t>(digit);
            ++at_;
        }
        return value;
    }

    char32_t unicode_escape() {
        if (take('{')) {
            size_t count = 0;
            while (peek(count) != '}' && count < 7) {
                ++count;
            }
            const char32_t value = hex(count);
            if (count == 0 || !take('}') || value > last_code_point) {
                fail("\\u{…} needs the code point of a character");
            }
            return value;
        }
        const char32_t value = hex(4);
        if (0xD800 <= value && value <= 0xDBFF && take(U"\\u")) {
            const char32_t low = hex(4);
            if (low < 0xDC00 || low > 0xDFFF) {
                fail("half a surrogate pair is not a character");
            }
            return 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        }
        return value;
    }

    /** What follows a backslash. */
    CharSet escape() {
        if (at_end()) {
            fail("there is nothing after a backslash");
        }
        const char32_t c = pattern_[at_++];
        const auto one = [](char32_t value) { return CharSet{{value, value}}; };
        switch (c) {
        case 'd':
            return digit_set;
        case 'D':
            return digit_set.complement();
        case 'w':
            return word_set;
        case 'W':
            return word_set.complement();
        case 's':
            return space_set;
        case 'S':
            return space_set.complement();
        case 't':
            return one('\t');
        case 'n':
            return one('\n');
        case 'r':
            return one('\r');
        case 'f':
            return one('\f');
        case 'v':
            return one('\v');
        case 'x':
            return one(hex(2));
        case 'u':
            return one(unicode_escape());
        case 'c':
            if (is_letter(peek())) {
                return one(pattern_[at_++] % 32);
            }
            fail("\\c needs a letter");
        case '0':
            if (!is_digit(peek())) {
                return one(0);
            }
            fail("an octal escape is not allowed");
        case 'p':
        case 'P':
            fail("character properties, \\p{…}, are not supported; write the characters as a class");
        case 'k':
            fail("a backreference, \\k<…>, cannot be made into a grammar");
        default:
            if (is_digit(c)) {
                fail("a backreference, such as \\1, cannot be made into a grammar");
            }
            if (is_letter(c)) {
                fail(std::string("ECMA-262 has no escape \\") + static_cast<char>(c));
            }
            return one(c);
        }
    }

    CharSet class_member() {
        if (take('\\')) {
            return take('b') ? CharSet{{'\b', '\b'}} : escape();
        }
        const char32_t c = pattern_[at_++];
        return {{c, c}};
    }

    CharSet char_class() {
        const bool negated = take('^');
        CharSet set;
        while (!take(']')) {
            if (at_end()) {
                fail("a \"[\" has no \"]\"");
            }
            const CharSet first = class_member();
            if (peek() != '-' || peek(1) == ']' || peek(1) == 0) {
                set.add(first);
                continue;
            }
            ++at_;
            const CharSet last = class_member();
            if (!single(first) || !single(last)) { // such as [\w-.], where the hyphen stands for itself
                set.add(first);
                set.add(CharRange{'-', '-'});
                set.add(last);
                continue;
            }
            const CharRange range = {first.ranges()[0].low, last.ranges()[0].low};
            if (range.low > range.high) {
                fail("a range of characters is in the wrong order");
            }
            set.add(range);
        }
        return negated ? set.complement() : set;
    }

    static bool single(const CharSet &set) {
        return set.ranges().size() == 1 && set.ranges()[0].low == set.ranges()[0].high;
    }

    std::u32string pattern_;
    size_t at_ = 0;
    int groups_ = 0;
};

} // namespace

RegexPtr parse_regex(std::string_view pattern) {
    return RegexParser(pattern).parse();
}

} // namespace llmodel::json_schema
