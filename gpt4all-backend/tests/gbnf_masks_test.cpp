#include "error.h"
#include "grammar/budget.h"
#include "grammar/gbnf.h"
#include "grammar_masks.h"
#include "json_schema/compile.h"
#include "llama-grammar.h"
#include "llama-vocab.h"
#include "llama/logging.h"
#include "test_paths.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/** Masks by states beside those that llama.cpp makes without them: which tokens are left must be the same. */
namespace {

using namespace llmodel;
using llmodel::test::Left;
using llmodel::test::left_by;
using llmodel::test::left_without_states;
using llmodel::test::tokens_left;

using Grammar = std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)>;
using Model = std::unique_ptr<llama_model, decltype(&llama_model_free)>;

Model vocabulary_of(const std::string &name) {
    bound_grammars();
    capture_llama_log();
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    const std::string path = std::string(test_templates) + "/../ggml-vocab-" + name + ".gguf";
    return {llama_model_load_from_file(path.c_str(), params), llama_model_free};
}

Grammar parsed(const llama_vocab *vocab, const std::string &text) {
    return {llama_grammar_init_impl(vocab, text.c_str(), "root", false, nullptr, 0, nullptr, 0),
            llama_grammar_free_impl};
}

json any_of_many() {
    json names = json::array();
    for (int i = 0; i < 300; ++i) {
        names.push_back("colour " + std::to_string(i * 7919 % 100003) + (i % 3 == 0 ? " é" : " 你好"));
    }
    return {{"enum", names}};
}

json many_properties() {
    json schema = {{"type", "object"}, {"additionalProperties", false}};
    for (int i = 0; i < 60; ++i) {
        schema["properties"]["property_" + std::to_string(i)] = {{"type", i % 2 == 0 ? "string" : "integer"}};
    }
    return schema;
}

std::vector<std::string> grammars() {
    std::vector<std::string> texts = {
        R"(root ::= .{0,40})",
        R"(root ::= [^"\\\x7F\x00-\x1F]* "\"" )",
        R"(root ::= ("é" | "ê" [a-z] | [一-龥]+ | "🦜" | [^a-z])* "." )",
        R"(root ::= s (" " s)*
s ::= [a-z] | [a-m] [a-z] | [^a-m] "x"? | s2
s2 ::= s3 s3?
s3 ::= "q"? [w-z])",
        R"(root ::= ("a" | "ab" | "abc" | "b" | "c" root "d")* )",
    };
    const json schemas[] = {
        true,
        {{"type", "string"}, {"minLength", 3}, {"maxLength", 30}},
        {{"type", "string"}, {"pattern", "^([A-ZÄÖ][a-zé]{2,5} )+(ä|ö|🙂)?$"}},
        {{"type", "array"}, {"items", {{"type", {"number", "null"}}}}},
        {{"type", "array"}, {"items", any_of_many()}},
        many_properties(),
        {{"$ref", "#/$defs/n"},
         {"$defs",
          {{"n",
            {{"anyOf",
              {{{"type", "array"}, {"items", {{"$ref", "#/$defs/n"}}}},
               {{"format", "date-time"}, {"type", "string"}}}}}}}}},
        {{"type", "array"}, {"uniqueItems", true}, {"items", {{"enum", {1, 2, 3, 4, 5}}}}, {"minItems", 4}},
    };
    for (const json &schema : schemas) {
        texts.push_back(gbnf_of(*compile_json_schema(schema)));
    }
    return texts;
}

class Masks : public testing::TestWithParam<const char *> {};

/** How many tokens of an answer are tried: fewer of a large vocabulary, all of which is looked at for each. One alone
 *  would take the time of the others together. */
int longest_in(const llama_vocab *vocab) {
    const bool thorough = std::getenv("GPT4ALL_THOROUGH") != nullptr;
    return TEST_SANITIZED ? 4 : llama_vocab_n_tokens(vocab) > 200000 && !thorough ? 5 : 14;
}

TEST_P(Masks, AreTheSameAsWithoutStates) {
    const Model model = vocabulary_of(GetParam());
    ASSERT_NE(model, nullptr);
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    std::mt19937 random(7);
    const int longest = longest_in(vocab);
    const std::vector<std::string> texts = grammars();
    for (const std::string &text : texts) {
        const Grammar grammar = parsed(vocab, text);
        ASSERT_NE(grammar, nullptr) << text;
        bool partial = false;
        for (int length = 0; length < longest; ++length) {
            Left left;
            ASSERT_NO_THROW(left = left_by(*grammar, 0, 1)) << text;
            try {
                ASSERT_EQ(left, left_without_states(*grammar)) << text;
            } catch (const Error &) { // too much work without states
                EXPECT_GT(length, 0) << text;
            }
            const auto [tokens, begun] = tokens_left(*grammar, left);
            if (tokens.empty()) {
                break;
            }
            const bool split = !begun.empty() && random() % 3 == 0;
            partial |= split;
            const auto &from = split ? begun : tokens;
            llama_grammar_accept_impl(*grammar, from[random() % from.size()]);
        }
        EXPECT_TRUE(partial || text != texts[0]) << "no code point was split between tokens";
    }
}

TEST_P(Masks, OfFewCandidatesAreThoseOfAll) {
    const Model model = vocabulary_of(GetParam());
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    for (const std::string &text : grammars()) {
        const Grammar grammar = parsed(vocab, text);
        const auto step = static_cast<size_t>(llama_vocab_n_tokens(vocab)) / 60;
        for (size_t first = 0; first < (TEST_SANITIZED ? 1 : 20); ++first) {
            ASSERT_EQ(left_by(*grammar, first, step), left_without_states(*grammar, first, step)) << text;
        }
    }
}

/** A sanitizer takes a minute for them all, so that it gets one of bytes and one of code points. */
std::vector<const char *> vocabularies() {
    return TEST_SANITIZED ? std::vector{"gpt-2", "llama-spm"}
                          : std::vector{"gpt-2", "qwen2", "llama-spm", "phi-3", "gemma-4"};
}

INSTANTIATE_TEST_SUITE_P(Of, Masks, testing::ValuesIn(vocabularies()), [](const auto &one) {
    std::string name = one.param;
    name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
    return name;
});

TEST(MasksOfGrammars, OfCopiesAreTheirOwn) {
    const Model model = vocabulary_of("gpt-2");
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    const Grammar grammar = parsed(vocab, R"(root ::= "yes" | "no" | [0-9]+ "!")");
    const Left before = left_by(*grammar, 0, 1);
    const Grammar copy = {llama_grammar_clone_impl(*grammar), llama_grammar_free_impl};
    llama_grammar_accept_str(*copy, "7");
    EXPECT_NE(left_by(*copy, 0, 1), before);
    EXPECT_EQ(left_by(*grammar, 0, 1), before);
    EXPECT_EQ(left_by(*copy, 0, 1), left_without_states(*copy));
}

/** What a long answer has led to is forgotten when it takes too much memory, and made again. */
TEST(MasksOfGrammars, AreRightAfterMuchWasForgotten) {
    const Model model = vocabulary_of("gpt-2");
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    const Grammar grammar = parsed(vocab, gbnf_of(*compile_json_schema({{"type", "string"}, {"minLength", 3000}})));
    llama_grammar_accept_str(*grammar, "\"");
    const int letters = TEST_SANITIZED ? 60 : 1500;
    for (int i = 0; i < letters; ++i) {
        const Left left = left_by(*grammar, 0, 1);
        if (i % 100 == 0) {
            ASSERT_EQ(left, left_without_states(*grammar)) << i;
        }
        llama_grammar_accept_str(*grammar, "x");
    }
}

TEST(MasksOfGrammars, OfThreadsThatShareAVocabulary) {
    const Model model = vocabulary_of("gpt-2");
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    std::vector<Left> found(4);
    std::vector<std::thread> threads;
    threads.reserve(found.size());
    for (Left &mine : found) {
        threads.emplace_back([&mine, vocab] {
            const Grammar grammar = parsed(vocab, R"(root ::= "the" [^x]* "x")");
            llama_grammar_accept_str(*grammar, "the");
            mine = left_by(*grammar, 0, 1);
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const Left &mine : found) {
        EXPECT_EQ(mine, found[0]);
    }
}

TEST(MasksOfGrammars, OfHostileGrammarsAreStopped) {
    const Model model = vocabulary_of("gpt-2");
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    // each text of n letters is one state more, and each state has as many ways as there are letters left
    std::string text = "root ::= ";
    for (int i = 0; i < 12; ++i) {
        text += "(a | b){0,200} ";
    }
    text += "\na ::= [a-m]? c?\nb ::= [h-z] c?\nc ::= [a-z ] a? \"!\"?";
    const Grammar grammar = parsed(vocab, text);
    const auto begin = std::chrono::steady_clock::now();
    try {
        left_by(*grammar, 0, 1);
    } catch (const std::exception &error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("too many ways"));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(TEST_SANITIZED ? 60 : 10));
}

} // namespace
