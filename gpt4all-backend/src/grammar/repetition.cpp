#include "grammar/repetition.h"

#include <cmath>
#include <limits>
#include <vector>

namespace llmodel {

namespace {

constexpr uint64_t unbounded = std::numeric_limits<uint64_t>::max();

/** Rules for one item and for more of them. */
class Repetition {
  public:
    Repetition(llama_grammar_parser &parser, const std::string &name, const llama_grammar_rule &item)
        : parser_(parser), name_(name), item_(reference(add(item))) {}

    void exactly(uint64_t count, llama_grammar_rule &rule) {
        const uint64_t size = root(count);
        const llama_grammar_element block = reference(blocks_of(size));
        for (uint64_t i = 0; i < count / size; ++i) {
            rule.push_back(block);
        }
        for (uint64_t i = 0; i < count % size; ++i) {
            rule.push_back(item_);
        }
    }

    void any_number(llama_grammar_rule &rule) {
        const uint32_t self = parser_.generate_symbol_id(name_);
        parser_.add_rule(self, {item_, reference(self), {LLAMA_GRETYPE_ALT, 0}, {LLAMA_GRETYPE_END, 0}});
        rule.push_back(reference(self));
    }

    /** A few items, or a whole block and then again up to what is left: two ways to read the text at any time. */
    void up_to(uint64_t count, llama_grammar_rule &rule) {
        const uint64_t size = root(count);
        const llama_grammar_element block = reference(blocks_of(size));
        std::vector<llama_grammar_element> fewer; // up to 1, 2, ... size - 1 items
        for (uint64_t i = 1; i < size; ++i) {
            llama_grammar_rule one_more = {item_};
            if (!fewer.empty()) {
                one_more.push_back(fewer.back());
            }
            fewer.push_back(reference(optional(std::move(one_more))));
        }
        llama_grammar_rule rest;
        if (count % size > 0) {
            rest.push_back(fewer[count % size - 1]);
        }
        for (uint64_t i = 0; i < count / size; ++i) {
            llama_grammar_rule blocks = {block};
            blocks.insert(blocks.end(), rest.begin(), rest.end());
            blocks.push_back({LLAMA_GRETYPE_ALT, 0});
            if (!fewer.empty()) {
                blocks.push_back(fewer.back());
            }
            rest = {reference(add(std::move(blocks)))};
        }
        rule.insert(rule.end(), rest.begin(), rest.end());
    }

  private:
    static uint64_t root(uint64_t count) {
        return std::max(uint64_t{1}, static_cast<uint64_t>(std::sqrt(static_cast<double>(count))));
    }

    static llama_grammar_element reference(uint32_t rule) { return {LLAMA_GRETYPE_RULE_REF, rule}; }

    uint32_t add(llama_grammar_rule rule) {
        const uint32_t id = parser_.generate_symbol_id(name_);
        rule.push_back({LLAMA_GRETYPE_END, 0});
        parser_.add_rule(id, rule);
        return id;
    }

    uint32_t optional(llama_grammar_rule rule) {
        rule.push_back({LLAMA_GRETYPE_ALT, 0});
        return add(std::move(rule));
    }

    uint32_t blocks_of(uint64_t size) { return add(llama_grammar_rule(size, item_)); }

    llama_grammar_parser &parser_;
    const std::string &name_;
    llama_grammar_element item_;
};

} // namespace

void repeat(llama_grammar_parser &parser, const std::string &name, const llama_grammar_rule &item, uint64_t least,
            uint64_t most, llama_grammar_rule &rule) {
    Repetition repetition(parser, name, item);
    if (least > 0) {
        repetition.exactly(least, rule);
    }
    if (most == unbounded) {
        repetition.any_number(rule);
    } else if (most > least) {
        repetition.up_to(most - least, rule);
    }
}

} // namespace llmodel
