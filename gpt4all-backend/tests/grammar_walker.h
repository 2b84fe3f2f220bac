#pragma once

#include "grammar/marks.h"
#include "json_schema/automaton.h"
#include "llama-grammar.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/** A grammar as llama.cpp reads it, and no model: what texts it admits, and texts that it admits. */
class GrammarWalker {
  public:
    /** Walks begin behind the text that `before` has. */
    explicit GrammarWalker(const std::string &text, const std::string &before = "")
        : grammar_(made_of(text), llama_grammar_free_impl) {
        if (grammar_ == nullptr) {
            throw std::runtime_error("llama.cpp does not take the grammar:\n" + text);
        }
        for (const char32_t c : llmodel::json_schema::code_points(before)) {
            llama_grammar_accept(grammar_.get(), c);
        }
        begin_ = llama_grammar_get_stacks(grammar_.get());
        if (begin_.empty()) {
            throw std::runtime_error("the grammar does not go on after " + before + ":\n" + text);
        }
    }

    bool accepts(const std::string &text) {
        read(text);
        return may_end();
    }

    /** How many ways llama.cpp follows after the beginning of a text: the work for each token grows with them. */
    size_t ways_after(const std::string &text) {
        read(text);
        return stacks().size();
    }

    /** A text of the grammar, or nothing where a walk through it found no end. */
    std::optional<std::string> walk(std::mt19937 &random) {
        restart();
        std::string text;
        for (size_t length = 0; length < longest; ++length) {
            if (may_end() && (stacks().size() == 1 || length > soon || random() % 4 == 0)) {
                return text;
            }
            text += llmodel::json_schema::utf8_of(std::u32string(1, step(text, random, length > soon)));
        }
        return std::nullopt;
    }

  private:
    static llama_grammar *made_of(const std::string &text) {
        llmodel::follow_marks();
        return llama_grammar_init_impl(nullptr, text.c_str(), "root", false, nullptr, 0, nullptr, 0);
    }

    static constexpr size_t endless = size_t{1} << 40;
    static constexpr size_t soon = 150; // characters after which the nearest end is looked for
    static constexpr int tries = 2000;
    static constexpr size_t longest = 4000; // and after which it is given up

    llama_grammar_stacks &stacks() { return llama_grammar_get_stacks(grammar_.get()); }
    void restart() { stacks() = begin_; }

    void read(const std::string &text) {
        restart();
        for (const char32_t c : llmodel::json_schema::code_points(text)) {
            llama_grammar_accept(grammar_.get(), c);
        }
    }

    bool may_end() {
        return std::any_of(stacks().begin(), stacks().end(), [](const auto &stack) { return stack.empty(); });
    }

    /** Reads a character that may come next. Marks refuse some that the rules alone would admit, but never all. */
    char32_t step(const std::string &text, std::mt19937 &random, bool to_the_end) {
        const llama_grammar_stacks before = stacks();
        for (int i = 0; i < tries; ++i) {
            const char32_t c = to_the_end ? nearest(random) : any(random);
            llama_grammar_accept(grammar_.get(), c);
            if (!stacks().empty()) {
                return c;
            }
            stacks() = before;
        }
        throw std::runtime_error("the grammar leads to a dead end behind " + text);
    }

    char32_t any(std::mt19937 &random) {
        for (;;) {
            const auto &stack = stacks()[random() % stacks().size()];
            if (!stack.empty()) {
                return one_of(stack.back(), random);
            }
        }
    }

    /** The fewest characters from an element to the end of its sequence. */
    size_t left_of(const llama_grammar_element *at) const {
        if (at->type == LLAMA_GRETYPE_TOKEN && at->value == llmodel::mark::known) {
            return 0; // it stands alone
        }
        size_t left = 0;
        for (; at->type != LLAMA_GRETYPE_END && at->type != LLAMA_GRETYPE_ALT; ++at) {
            switch (at->type) {
            case LLAMA_GRETYPE_RULE_REF:
                left += shortest_[at->value];
                break;
            case LLAMA_GRETYPE_CHAR:
            case LLAMA_GRETYPE_CHAR_NOT:
            case LLAMA_GRETYPE_CHAR_ANY:
                ++left;
                break;
            default:
                break;
            }
        }
        return std::min(left, endless);
    }

    size_t left_of(const llama_grammar_stack &stack) const {
        return std::accumulate(stack.begin(), stack.end(), size_t{0},
                               [&](size_t sum, const auto *at) { return sum + left_of(at); });
    }

    /** Finds the fewest characters of each rule, from the last rule on, since most refer to later ones. */
    void measure() {
        const llama_grammar_rules &rules = llama_grammar_get_rules(grammar_.get());
        shortest_.assign(rules.size(), endless);
        for (bool changed = true; changed;) {
            changed = false;
            for (size_t i = rules.size(); i-- > 0;) {
                for (const llama_grammar_element *at = rules[i].data();; ++at) {
                    if (const size_t left = left_of(at); left < shortest_[i]) {
                        shortest_[i] = left;
                        changed = true;
                    }
                    while (at->type != LLAMA_GRETYPE_END && at->type != LLAMA_GRETYPE_ALT) {
                        ++at;
                    }
                    if (at->type == LLAMA_GRETYPE_END) {
                        break;
                    }
                }
            }
        }
    }

    /** A character on a shortest way to an end. */
    char32_t nearest(std::mt19937 &random) {
        if (shortest_.empty()) {
            measure();
        }
        std::vector<const llama_grammar_element *> ways;
        size_t least = ~size_t{0};
        for (const auto &stack : stacks()) {
            const size_t left = left_of(stack);
            if (stack.empty() || left > least) {
                continue;
            }
            if (left < least) {
                ways.clear();
                least = left;
            }
            ways.push_back(stack.back());
        }
        return one_of(ways.at(random() % ways.size()), random);
    }

    /** A character of the class that begins here; the ends of its ranges more often than others. */
    static char32_t one_of(const llama_grammar_element *at, std::mt19937 &random) {
        std::vector<std::pair<char32_t, char32_t>> ranges;
        do {
            const bool range = at[1].type == LLAMA_GRETYPE_CHAR_RNG_UPPER;
            ranges.emplace_back(at->value, range ? at[1].value : at->value);
            at += range ? 2 : 1;
        } while (at->type == LLAMA_GRETYPE_CHAR_ALT);
        const auto [low, high] = ranges[random() % ranges.size()];
        switch (random() % 4) {
        case 0:
            return low;
        case 1:
            return high;
        default:
            return low + static_cast<char32_t>(random() % (high - low + 1));
        }
    }

    std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)> grammar_;
    llama_grammar_stacks begin_;
    std::vector<size_t> shortest_; // of each rule
};
