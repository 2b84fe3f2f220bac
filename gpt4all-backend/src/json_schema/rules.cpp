#include "rules.h"

#include "automaton.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace llmodel::json_schema {

namespace {

constexpr size_t max_gbnf_bytes = size_t{1} << 20;
constexpr size_t block_size = 64; // repetitions that are written out

std::string literal(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        switch (c) {
        case '"':
        case '\\':
            made += '\\';
            made += c;
            break;
        case '\n':
            made += "\\n";
            break;
        case '\r':
            made += "\\r";
            break;
        case '\t':
            made += "\\t";
            break;
        default:
            made += c;
        }
    }
    return made + "\"";
}

std::string class_member(char32_t c) {
    const bool plain = ('0' <= c && c <= '9') || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == ' ';
    if (plain) {
        return {static_cast<char>(c)};
    }
    std::array<char, 16> text = {};
    std::snprintf(text.data(), text.size(),
                  c < 0x100     ? "\\x%02X"
                  : c < 0x10000 ? "\\u%04X"
                                : "\\U%08X",
                  static_cast<unsigned>(c));
    return text.data();
}

std::string char_class(const CharSet &set) {
    std::string made = "[";
    for (const CharRange &range : set.ranges()) {
        made += class_member(range.low);
        if (range.high > range.low) {
            made += (range.high > range.low + 1 ? "-" : "") + class_member(range.high);
        }
    }
    return made + "]";
}

std::string count(const Symbol &symbol) {
    if (symbol.least == 1 && symbol.most == 1) {
        return "";
    }
    if (symbol.most == Symbol::unlimited && symbol.least < 2) {
        return symbol.least == 0 ? "*" : "+";
    }
    if (symbol.least == 0 && symbol.most == 1) {
        return "?";
    }
    std::string made = "{" + std::to_string(symbol.least);
    if (symbol.most != symbol.least) {
        made += symbol.most == Symbol::unlimited ? "," : "," + std::to_string(symbol.most);
    }
    return made + "}";
}

/** Each symbol's own text is a unit, which a count may follow, but a text of several characters. */
std::string gbnf_of(const Symbol &symbol, const std::vector<std::string> &names) {
    switch (symbol.kind) {
    case Symbol::Kind::text:
        return literal(symbol.text);
    case Symbol::Kind::set:
        return char_class(symbol.set) + count(symbol);
    case Symbol::Kind::rule:
        return names[symbol.rule] + count(symbol);
    case Symbol::Kind::mark:
        return "<[" + std::to_string(symbol.mark) + "]>";
    }
    return "";
}

} // namespace

Sequence &Sequence::text(std::string_view text) {
    if (!symbols_.empty() && symbols_.back().kind == Symbol::Kind::text) {
        symbols_.back().text += text;
    } else if (!text.empty()) {
        symbols_.push_back({Symbol::Kind::text, std::string(text), {}});
    }
    return *this;
}

Sequence &Sequence::set(CharSet set, size_t least, size_t most) {
    symbols_.push_back({Symbol::Kind::set, "", std::move(set), 0, least, most});
    return *this;
}

Sequence &Sequence::rule(RuleId rule, size_t least, size_t most) {
    if (most > 0) {
        symbols_.push_back({Symbol::Kind::rule, "", {}, rule, least, most});
    }
    return *this;
}

Sequence &Sequence::mark(uint32_t mark) {
    Symbol symbol = {Symbol::Kind::mark, "", {}};
    symbol.mark = mark;
    symbols_.push_back(std::move(symbol));
    return *this;
}

Sequence &Sequence::then(const Sequence &other) {
    for (const Symbol &symbol : other.symbols_) {
        if (symbol.kind == Symbol::Kind::text) {
            text(symbol.text);
        } else {
            symbols_.push_back(symbol);
        }
    }
    return *this;
}

RuleId Rules::power(RuleId rule, size_t exponent) {
    if (exponent == 0) {
        return rule;
    }
    for (const auto &[of, made] : powers_) {
        if (of == std::pair(rule, exponent)) {
            return made;
        }
    }
    const RuleId made = add(Sequence().rule(power(rule, exponent - 1), block_size, block_size));
    powers_.push_back({{rule, exponent}, made});
    return made;
}

/** Either a block of 64^k of them and what is left, or less than a block: so only one way stays open at a time.
 */
RuleId Rules::up_to(RuleId rule, size_t most) {
    for (const auto &[of, made] : up_to_) {
        if (of == std::pair(rule, most)) {
            return made;
        }
    }
    RuleId made = 0;
    if (most <= block_size) {
        made = add(Sequence().rule(rule, 0, most));
    } else {
        size_t block = block_size;
        size_t exponent = 1;
        while (most / block >= block_size) {
            block *= block_size;
            ++exponent;
        }
        const RuleId less = up_to(rule, block - 1);
        made = most % block == 0 ? add(Sequence()) : up_to(rule, most % block);
        for (size_t i = 0; i < most / block; ++i) {
            const RuleId rest = made;
            made = add(Sequence().rule(power(rule, exponent)).rule(rest));
            alternative(made, Sequence().rule(less));
        }
    }
    up_to_.push_back({{rule, most}, made});
    return made;
}

Sequence Rules::repeated(RuleId rule, size_t least, size_t most) {
    if (least <= block_size && (most == Symbol::unlimited || most <= block_size)) {
        return Sequence().rule(rule, least, most);
    }
    Sequence made;
    size_t block = 1;
    size_t exponent = 0;
    for (; least / block >= block_size; block *= block_size) {
        ++exponent;
    }
    for (size_t left = least; left > 0; --exponent, block /= block_size) {
        if (left / block > 0) {
            made.rule(power(rule, exponent), left / block, left / block);
        }
        left %= block;
    }
    if (most == Symbol::unlimited) {
        made.rule(rule, 0, most);
    } else if (most > least) {
        made.rule(up_to(rule, most - least));
    }
    return made;
}

bool Rules::prune(RuleId root) {
    std::vector<bool> fruitful(rules_.size());
    const auto possible = [&](const Sequence &sequence) {
        return std::all_of(sequence.symbols_.begin(), sequence.symbols_.end(), [&](const Symbol &symbol) {
            return symbol.kind == Symbol::Kind::rule  ? symbol.least == 0 || fruitful[symbol.rule]
                   : symbol.kind == Symbol::Kind::set ? symbol.least == 0 || !symbol.set.empty()
                                                      : true;
        });
    };
    std::vector<std::vector<RuleId>> users(rules_.size());
    std::vector<RuleId> work;
    for (RuleId rule = 0; rule < rules_.size(); ++rule) {
        work.push_back(rule);
        for (const Sequence &sequence : rules_[rule]) {
            for (const Symbol &symbol : sequence.symbols_) {
                if (symbol.kind == Symbol::Kind::rule) {
                    users[symbol.rule].push_back(rule);
                }
            }
        }
    }
    while (!work.empty()) {
        const RuleId rule = work.back();
        work.pop_back();
        if (!fruitful[rule] && std::any_of(rules_[rule].begin(), rules_[rule].end(), possible)) {
            fruitful[rule] = true;
            work.insert(work.end(), users[rule].begin(), users[rule].end());
        }
    }
    for (std::vector<Sequence> &alternatives : rules_) {
        alternatives.erase(std::remove_if(alternatives.begin(), alternatives.end(),
                                          [&](const Sequence &sequence) { return !possible(sequence); }),
                           alternatives.end());
        for (Sequence &sequence : alternatives) {
            auto &symbols = sequence.symbols_;
            symbols.erase(std::remove_if(symbols.begin(), symbols.end(),
                                         [&](const Symbol &symbol) {
                                             return symbol.kind == Symbol::Kind::rule && !fruitful[symbol.rule];
                                         }),
                          symbols.end());
        }
    }
    return fruitful[root];
}

std::vector<std::pair<std::string, std::string>> Rules::gbnf(RuleId root, const std::string &prefix) const {
    std::vector<std::string> names(rules_.size());
    std::vector<RuleId> order = {root};
    names[root] = prefix;
    for (size_t i = 0; i < order.size(); ++i) {
        for (const Sequence &sequence : rules_[order[i]]) {
            for (const Symbol &symbol : sequence.symbols_) {
                if (symbol.kind == Symbol::Kind::rule && names[symbol.rule].empty()) {
                    names[symbol.rule] = prefix + "-" + std::to_string(order.size());
                    order.push_back(symbol.rule);
                }
            }
        }
    }
    std::vector<std::pair<std::string, std::string>> made;
    size_t bytes = 0;
    for (const RuleId rule : order) {
        std::string alternatives;
        bool first = true;
        for (const Sequence &sequence : rules_[rule]) {
            alternatives += first ? "" : " | ";
            first = false;
            std::string symbols;
            for (const Symbol &symbol : sequence.symbols_) {
                symbols += (symbols.empty() ? "" : " ") + gbnf_of(symbol, names);
            }
            alternatives += symbols.empty() ? "\"\"" : symbols;
        }
        bytes += names[rule].size() + alternatives.size();
        if (bytes > max_gbnf_bytes) {
            throw TooLarge("its grammar has more than " + std::to_string(max_gbnf_bytes) + " bytes");
        }
        made.emplace_back(names[rule], std::move(alternatives));
    }
    return made;
}

} // namespace llmodel::json_schema
