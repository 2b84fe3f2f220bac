#include "grammar/gbnf.h"

#include "error.h"
#include "grammar/budget.h"
#include "grammar/left_recursion.h"
#include "llama-grammar.h"
#include "llama/logging.h"
#include "llama/texts.h"

#include <algorithm>
#include <memory>
#include <string_view>

namespace llmodel {

namespace {

constexpr size_t max_grammar_bytes = size_t{1} << 20;
constexpr size_t max_reason_bytes = 300; // llama.cpp quotes all that comes behind a mistake

/** What llama.cpp, or our bounds in its place, say of a grammar's text. */
std::string reason_of(std::string said) {
    for (const std::string_view before : {llama_texts::grammar_failed.text, grammar_stopped}) {
        if (const size_t at = said.find(before); at != std::string::npos) {
            said.erase(0, at + before.size());
        }
    }
    if (said.starts_with(llama_texts::number_too_large)) {
        return "the number of repetitions is too large";
    }
    if (said.size() > max_reason_bytes) {
        size_t end = max_reason_bytes;
        while (end > 0 && (static_cast<unsigned char>(said[end]) & 0xC0) == 0x80) {
            --end; // not within a character
        }
        said.resize(end);
        said += " ...";
    }
    return said;
}

std::string name_of(const llama_grammar_parser &parser, size_t rule) {
    const auto found = std::find_if(parser.symbol_ids.begin(), parser.symbol_ids.end(),
                                    [rule](const auto &symbol) { return symbol.second == rule; });
    return found == parser.symbol_ids.end() ? std::to_string(rule) : found->first;
}

std::string left_recursion_of(const llama_grammar_parser &parser, size_t rule) {
    return "its rule \"" + name_of(parser, rule) +
           "\" may begin with itself (left recursion), as does a repetition of something that may be empty";
}

/** What is wrong with a grammar's rules, or nothing. */
std::string fault_of(const llama_vocab *vocab, const llama_grammar_parser &parser, GrammarFrom from) {
    if (!parser.symbol_ids.contains("root") || parser.symbol_ids.at("root") >= parser.rules.size()) {
        return "it has no rule \"root\"";
    }
    const auto tokens = static_cast<uint32_t>(llama_vocab_n_tokens(vocab));
    for (const llama_grammar_rule &rule : parser.rules) {
        for (const llama_grammar_element &element : rule) {
            const bool token = element.type == LLAMA_GRETYPE_TOKEN || element.type == LLAMA_GRETYPE_TOKEN_NOT;
            const bool marked = from == GrammarFrom::us && llama_grammar_is_mark(&element);
            if (token && !marked && element.value >= tokens) {
                return "it names token " + std::to_string(element.value) + ", but the vocabulary has " +
                       std::to_string(tokens);
            }
        }
    }
    if (const auto rule = left_recursive_rule(parser.rules, Recursion::Growing)) {
        return left_recursion_of(parser, *rule);
    }
    return "";
}

/** Parses the grammar and begins to read a text by it. The reason why that fails, or nothing. */
std::string try_grammar(const llama_vocab *vocab, const std::string &grammar, GrammarFrom from) {
    const LogCapture said(LLMODEL_LOG_ERROR);
    const GrammarCheck check;
    GrammarCheck::begin_parsing();
    llama_grammar_parser parser(vocab);
    if (!parser.parse(grammar.c_str())) {
        return said.text();
    }
    if (std::string fault = fault_of(vocab, parser, from); !fault.empty()) {
        return fault;
    }
    std::vector<const llama_grammar_element *> rules(parser.c_rules());
    const std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)> made(
        llama_grammar_init_impl(vocab, rules.data(), rules.size(), parser.symbol_ids.at("root")),
        llama_grammar_free_impl);
    if (made != nullptr) {
        return "";
    }
    const auto rule = left_recursive_rule(parser.rules, Recursion::Any);
    return rule ? left_recursion_of(parser, *rule) : said.text();
}

} // namespace

void check_gbnf(const llama_vocab *vocab, const std::string &grammar, const std::string &what, GrammarFrom from) {
    bound_grammars();
    if (grammar.size() > max_grammar_bytes) {
        throw Error(LLMODEL_GRAMMAR_ERROR,
                    what + " has " + std::to_string(grammar.size()) + " bytes; the limit is " +
                        std::to_string(max_grammar_bytes),
                    {{"size", grammar.size()}, {"limit", max_grammar_bytes}});
    }
    std::string reason;
    if (grammar.find('\0') != std::string::npos) {
        reason = "it contains a NUL character";
    } else {
        try {
            reason = try_grammar(vocab, grammar, from);
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception &error) {
            reason = error.what();
        }
    }
    if (!reason.empty()) {
        reason = reason_of(std::move(reason));
        throw Error(LLMODEL_GRAMMAR_ERROR, what + " cannot be used: " + reason, {{"reason", reason}});
    }
}

} // namespace llmodel
