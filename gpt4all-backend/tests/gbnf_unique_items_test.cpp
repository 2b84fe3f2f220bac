#include "grammar/budget.h"
#include "grammar/gbnf.h"
#include "json_schema/accepts.h"
#include "json_schema/automaton.h"
#include "json_schema/compile.h"
#include "llama-grammar.h"
#include "llama/logging.h"
#include "test_paths.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

/** Items that must be different, as a model writes them: by tokens, of which those are masked that would end an item
 *  that is there already, or from which nothing new could come. */
namespace {

using namespace llmodel;

using Grammar = std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)>;

class UniqueItemsTest : public testing::Test {
  protected:
    UniqueItemsTest() {
        bound_grammars();
        capture_llama_log();
        llama_model_params params = llama_model_default_params();
        params.vocab_only = true;
        model_.reset(
            llama_model_load_from_file((std::string(test_templates) + "/../ggml-vocab-gpt-2.gguf").c_str(), params));
        vocab_ = llama_model_get_vocab(model_.get());
        constexpr unsigned often = TEST_SANITIZED ? 16 : 4; // a sanitizer takes ten times as long
        std::mt19937 random(5);
        for (llama_token token = 0; token < llama_vocab_n_tokens(vocab_); ++token) {
            const std::string piece = piece_of(token);
            const bool ascii = std::all_of(piece.begin(), piece.end(), [](char c) { return c > 0; });
            const bool of_json = piece.find_first_of("\"[]{},:0123456789.\\") != std::string::npos;
            if (!piece.empty() && ascii && (piece.size() == 1 || random() % (of_json ? often : 64) == 0)) {
                tokens_.push_back(token);
            }
        }
    }

    std::string piece_of(llama_token token) const {
        std::string piece(64, '\0');
        const int size = llama_token_to_piece(vocab_, token, piece.data(), static_cast<int>(piece.size()), 0, false);
        piece.resize(static_cast<size_t>(std::max(size, 0)));
        return piece;
    }

    Grammar grammar_of(const json &schema) const {
        const std::string text = gbnf_of(*compile_json_schema(schema));
        check_gbnf(vocab_, text, "the grammar", GrammarFrom::us);
        return {llama_grammar_init_impl(vocab_, text.c_str(), "root", false, nullptr, 0, nullptr, 0),
                llama_grammar_free_impl};
    }

    /** Those that the mask leaves. */
    std::set<llama_token> masked(const llama_grammar &grammar) const {
        std::vector<llama_token_data> data;
        for (const llama_token token : tokens_) {
            data.push_back({token, 0, 0});
        }
        llama_token_data_array candidates = {data.data(), data.size(), -1, false};
        llama_grammar_apply_impl(grammar, &candidates);
        std::set<llama_token> left;
        for (const llama_token_data &one : data) {
            if (!std::isinf(one.logit)) {
                left.insert(one.id);
            }
        }
        return left;
    }

    /** Those that can be read one character after the other. */
    std::set<llama_token> read(const llama_grammar &grammar) const {
        std::set<llama_token> left;
        for (const llama_token token : tokens_) {
            const Grammar copy = {llama_grammar_clone_impl(grammar), llama_grammar_free_impl};
            for (const char c : piece_of(token)) {
                llama_grammar_accept(copy.get(), static_cast<uint32_t>(c));
            }
            if (!llama_grammar_get_stacks(copy.get()).empty()) {
                left.insert(token);
            }
        }
        return left;
    }

    static bool may_end(llama_grammar &grammar) {
        const llama_grammar_stacks &stacks = llama_grammar_get_stacks(&grammar);
        return std::any_of(stacks.begin(), stacks.end(), [](const auto &stack) { return stack.empty(); });
    }

    const llama_vocab *vocab() const { return vocab_; }

  private:
    std::unique_ptr<llama_model, decltype(&llama_model_free)> model_{nullptr, llama_model_free};
    const llama_vocab *vocab_ = nullptr;
    std::vector<llama_token> tokens_;
};

bool different(const json &items) {
    std::set<std::string> known;
    return std::all_of(items.begin(), items.end(),
                       [&](const json &item) { return known.insert(json_schema::canonical(item)).second; });
}

json unique(json items, json more = json::object()) {
    more["type"] = "array";
    more["uniqueItems"] = true;
    more["items"] = std::move(items);
    return more;
}

TEST_F(UniqueItemsTest, TheMaskAdmitsJustWhatCanBeReadAndNeverNothing) {
    const json schemas[] = {
        unique({{"type", "string"}, {"maxLength", 1}}, {{"minItems", 4}}),
        unique({{"enum", {"a", "ab", "abc", "b"}}}, {{"minItems", 4}}),
        unique({{"type", "integer"}, {"minimum", 0}, {"maximum", 11}}, {{"minItems", 11}}),
        unique({{"type", "number"}}, {{"minItems", 2}, {"maxItems", 3}}),
        unique({{"type", "object"},
                {"properties", {{"a", {{"type", "boolean"}}}, {"b", {{"enum", {1, 2}}}}}},
                {"required", {"a"}}},
               {{"minItems", 6}}),
        unique(unique({{"type", "boolean"}}, {{"maxItems", 2}}), {{"minItems", 5}}),
        unique(true, {{"minItems", 2}, {"maxItems", 3}}),
    };
    std::mt19937 random(1);
    const size_t longest = TEST_SANITIZED ? 30 : 100; // a sanitizer takes ten times as long
    for (const json &schema : schemas) {
        const Grammar grammar = grammar_of(schema);
        std::string text;
        while (!may_end(*grammar) && text.size() < longest) {
            const std::set<llama_token> left = masked(*grammar);
            ASSERT_EQ(left, read(*grammar)) << schema << text;
            ASSERT_FALSE(left.empty()) << schema << text;
            std::vector<llama_token> likely; // not spaces without end
            std::copy_if(left.begin(), left.end(), std::back_inserter(likely), [&](llama_token token) {
                return piece_of(token).find_first_not_of(" \t\n") != std::string::npos || left.size() < 4;
            });
            const auto &from = likely.empty() ? std::vector<llama_token>(left.begin(), left.end()) : likely;
            const llama_token token = from[random() % from.size()];
            text += piece_of(token);
            llama_grammar_accept_impl(*grammar, token);
        }
        if (may_end(*grammar)) {
            const json value = json::parse(text, nullptr, false);
            ASSERT_FALSE(value.is_discarded()) << text;
            EXPECT_TRUE(different(value)) << text;
        }
    }
}

bool reads(llama_grammar &grammar, const std::string &text) {
    for (const char c : text) {
        llama_grammar_accept(&grammar, static_cast<uint32_t>(c));
    }
    return !llama_grammar_get_stacks(&grammar).empty();
}

TEST_F(UniqueItemsTest, SpaceMayStandAroundItems) {
    const json few = {{"enum", {1, 2, 3}}};
    for (const char *text : {"[3, 1]", "[ 3,1 ]", "[3,\n  1,\n  2]", "[\n\t3,\n\t1\n]"}) {
        EXPECT_TRUE(reads(*grammar_of(unique(few)), text)) << text;
    }
    for (const char *text : {"[3, 3", "[ 3,3", "[3,\n  1,\n  3", "[1,2,3, "}) {
        EXPECT_FALSE(reads(*grammar_of(unique(few)), text)) << text;
    }
    EXPECT_TRUE(reads(*grammar_of(unique(unique(few))), "[[1, 2], [1, 3], [2, 3, 1]]"));
    EXPECT_FALSE(reads(*grammar_of(unique(unique(few))), "[[1, 2], [1,2]"));
}

TEST_F(UniqueItemsTest, ClonesGoTheirOwnWays) {
    const Grammar first = grammar_of(unique({{"type", "string"}}));
    ASSERT_TRUE(reads(*first, R"(["a",)"));
    const Grammar second = {llama_grammar_clone_impl(*first), llama_grammar_free_impl};
    EXPECT_TRUE(reads(*first, R"("b","c")"));
    EXPECT_TRUE(reads(*second, R"("c","b","d")"));
    EXPECT_FALSE(reads(*first, R"(,"b")"));
    EXPECT_FALSE(reads(*second, R"(,"\u0064")"));
}

TEST_F(UniqueItemsTest, ThousandsOfItemsAreCompared) {
    const Grammar grammar = grammar_of(unique({{"type", "integer"}}));
    std::string text = "[0";
    for (int i = 1; i < 3000; ++i) {
        text += "," + std::to_string(i);
    }
    for (const char c : text) {
        llama_grammar_accept(grammar.get(), static_cast<uint32_t>(c));
    }
    for (const char c : std::string(",1234")) {
        ASSERT_FALSE(llama_grammar_get_stacks(grammar.get()).empty());
        llama_grammar_accept(grammar.get(), static_cast<uint32_t>(c));
    }
    llama_grammar_accept(grammar.get(), ']');
    EXPECT_TRUE(llama_grammar_get_stacks(grammar.get()).empty());
}

TEST_F(UniqueItemsTest, AUsersGrammarHasNoMarks) {
    try {
        check_gbnf(vocab(), "root ::= \"[\" <[4294967040]> \"]\"", "the grammar");
        FAIL();
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), LLMODEL_GRAMMAR_ERROR);
    }
}

} // namespace
