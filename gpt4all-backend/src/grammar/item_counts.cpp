#include "grammar/item_counts.h"

#include <algorithm>
#include <bitset>
#include <limits>
#include <set>

namespace llmodel {

namespace {

constexpr double endless = 1e18;
constexpr double any_character = 1e6;
constexpr size_t few_alternatives = 64;

bool at_end(const llama_grammar_element *at) {
    return at->type == LLAMA_GRETYPE_END || at->type == LLAMA_GRETYPE_ALT;
}

using Ranges = std::vector<std::pair<uint32_t, uint32_t>>;

bool blank(const Ranges &ranges) {
    return std::all_of(ranges.begin(), ranges.end(), [](const auto &range) {
        return is_blank(range.first) && is_blank(range.second) && range.second - range.first <= 1;
    });
}

/** Characters, those of one letter as one. */
double size_of(const Ranges &ranges) {
    std::bitset<128> ascii;
    double size = 0;
    for (const auto &[low, high] : ranges) {
        for (uint32_t c = low; c <= high && c < ascii.size(); ++c) {
            ascii.set(is_blank(c) ? ' ' : c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
        size += high >= ascii.size() ? high - std::max<double>(low, ascii.size()) + 1 : 0;
    }
    return size + static_cast<double>(ascii.count());
}

bool overlap(const Ranges &a, const Ranges &b) {
    return std::any_of(a.begin(), a.end(), [&](const auto &one) {
        return std::any_of(b.begin(), b.end(),
                           [&](const auto &other) { return one.first <= other.second && other.first <= one.second; });
    });
}

/** Whether no text begins by two of the alternatives, as far as is seen at once. */
bool different(const std::vector<const llama_grammar_element *> &alternatives) {
    std::vector<Ranges> begins;
    size_t hidden = 0;
    size_t empty = 0;
    for (const llama_grammar_element *at : alternatives) {
        empty += at_end(at) ? 1 : 0;
        Ranges begin = at_end(at) ? Ranges() : class_at(at);
        hidden += !at_end(at) && begin.empty() ? 1 : 0;
        begins.push_back(std::move(begin));
    }
    if (alternatives.size() > few_alternatives || empty > 1 || (hidden > 0 && hidden + empty < alternatives.size()) ||
        hidden > 1) {
        return false;
    }
    for (size_t i = 0; i < begins.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (overlap(begins[i], begins[j])) {
                return false;
            }
        }
    }
    return true;
}

} // namespace

std::vector<std::pair<uint32_t, uint32_t>> class_at(const llama_grammar_element *&at) {
    Ranges ranges;
    if (at->type == LLAMA_GRETYPE_CHAR_ANY || at->type == LLAMA_GRETYPE_CHAR_NOT) {
        ranges.emplace_back(0, std::numeric_limits<uint32_t>::max() >> 11U);
        for (++at; at->type == LLAMA_GRETYPE_CHAR_ALT || at->type == LLAMA_GRETYPE_CHAR_RNG_UPPER; ++at) {
        }
        return ranges;
    }
    while (at->type == (ranges.empty() ? LLAMA_GRETYPE_CHAR : LLAMA_GRETYPE_CHAR_ALT)) {
        const bool range = at[1].type == LLAMA_GRETYPE_CHAR_RNG_UPPER;
        ranges.emplace_back(at->value, range ? at[1].value : at->value);
        at += range ? 2 : 1;
    }
    return ranges;
}

/** What can be written by the rest of an alternative; or adds to `missing` the rules that must be known for that. */
ItemCounts::Count ItemCounts::product(const llama_grammar_element *at, std::vector<uint32_t> &missing) const {
    Count made = {1, true};
    while (!at_end(at)) {
        if (at->type == LLAMA_GRETYPE_RULE_REF) {
            const auto found = of_rule_.find(at->value);
            if (found == of_rule_.end()) {
                missing.push_back(at->value);
            } else {
                made.count = std::min(endless, made.count * found->second.count);
                made.blank = made.blank && found->second.blank;
            }
            ++at;
        } else if (at->type == LLAMA_GRETYPE_CHAR || at->type == LLAMA_GRETYPE_CHAR_NOT ||
                   at->type == LLAMA_GRETYPE_CHAR_ANY) {
            const bool listed = at->type == LLAMA_GRETYPE_CHAR;
            const Ranges ranges = class_at(at);
            made.count = std::min(endless, made.count * (listed ? size_of(ranges) : any_character));
            made.blank = made.blank && blank(ranges);
        } else {
            ++at;
        }
    }
    return made;
}

ItemCounts::Count ItemCounts::alternatives(uint32_t rule, std::vector<uint32_t> &missing) const {
    std::vector<const llama_grammar_element *> begins = {rules_[rule].data()};
    for (const llama_grammar_element &element : rules_[rule]) {
        if (element.type == LLAMA_GRETYPE_ALT) {
            begins.push_back(&element + 1);
        }
    }
    double most = 0;
    double all = 0;
    bool blank = true;
    for (const llama_grammar_element *at : begins) {
        const Count one = product(at, missing);
        most = std::max(most, one.count);
        all = std::min(endless, all + one.count);
        blank = blank && one.blank;
    }
    return {blank ? 1 : different(begins) ? all : most, blank};
}

void ItemCounts::learn(uint32_t rule) {
    std::vector<uint32_t> path = {rule};
    std::set<uint32_t> open;
    while (!path.empty()) {
        const uint32_t at = path.back();
        if (of_rule_.contains(at) && !open.contains(at)) {
            path.pop_back();
            continue;
        }
        open.insert(at);
        of_rule_[at] = {endless, false}; // if it turns out to be within itself
        std::vector<uint32_t> missing;
        const Count count = alternatives(at, missing);
        if (missing.empty()) {
            of_rule_[at] = count;
            open.erase(at);
            path.pop_back();
        }
        path.insert(path.end(), missing.begin(), missing.end());
    }
}

double ItemCounts::from(const llama_grammar_element *at) {
    const auto [found, added] = from_.emplace(at, 0);
    if (added) {
        std::vector<uint32_t> missing;
        product(at, missing);
        for (const uint32_t rule : missing) {
            learn(rule);
        }
        found->second = product(at, missing).count;
    }
    return found->second;
}

} // namespace llmodel
