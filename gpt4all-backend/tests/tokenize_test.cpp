#include "api_fixture.h"

namespace {

using namespace api;

class Tokenize : public testing::Test {
  protected:
    TinyLlama model;

    json tokens(const json &content, const json &fields = json::object()) const {
        json request = {{"content", content}};
        request.update(fields);
        const Answer answer = model.run("tokenize", request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        return answer.result["tokens"];
    }
    std::string text(const json &ids, bool special = true) const {
        return model.run("detokenize", {{"tokens", ids}, {"special", special}}).result["content"];
    }
};

TEST_F(Tokenize, RoundTrip) {
    for (const std::string whole :
         {"the house is", "\xE6\x97\xA5\xE6\x9C\xAC", "a\xF0\x9F\x98\x80z", "  two  spaces", "1+1=2\n\ttab"}) {
        const std::string back = text(tokens(whole));
        EXPECT_TRUE(back == whole || back == " " + whole) << '[' << back << ']';
    }
    EXPECT_EQ(tokens(""), json::array());
    EXPECT_EQ(text(json::array()), "");
}

TEST_F(Tokenize, SpecialTokens) {
    const json with = tokens("the house", {{"add_special", true}});
    const json without = tokens("the house");
    ASSERT_EQ(with.size(), without.size() + 1);
    EXPECT_EQ(text(json::array({with[0]})), "<s>");
    EXPECT_EQ(text(json::array({with[0]}), false), "");
    EXPECT_EQ(tokens("<|im_start|>").size(), 1U);
    EXPECT_GT(tokens("<|im_start|>", {{"parse_special", false}}).size(), 1U);
}

TEST_F(Tokenize, PiecesMakeTheText) {
    std::string joined;
    for (const json &token : tokens("a\xF0\x9F\x98\x80z", {{"with_pieces", true}})) {
        if (token["piece"].is_string()) {
            joined += token["piece"].get<std::string>();
        } else {
            for (const json &byte : token["piece"]) {
                joined += static_cast<char>(byte.get<int>());
            }
        }
    }
    EXPECT_TRUE(joined == "a\xF0\x9F\x98\x80z" || joined == " a\xF0\x9F\x98\x80z") << joined;
}

TEST_F(Tokenize, CountsWhatCompleteTakes) {
    const Answer count = model.run("count_tokens", {{"prompt", "the house is"}});
    const Answer answer = model.run("complete", complete("the house is", {{"max_tokens", 1}}));
    EXPECT_EQ(count.result["input_tokens"], answer.result["usage"]["prompt_tokens"]);
    const json messages = chat("Hello there")["messages"];
    const Answer chat_count = model.run("count_tokens", {{"messages", messages}});
    const Answer chat_answer = model.run("chat", {{"messages", messages}, {"max_tokens", 1}});
    EXPECT_EQ(chat_count.result["input_tokens"], chat_answer.result["usage"]["prompt_tokens"]);
}

TEST_F(Tokenize, IdsOutOfTheVocabularyAreRefused) {
    const auto size = static_cast<int64_t>(info(model.get()).value["n_vocab"]);
    for (const int64_t id : {size, size + 1000, int64_t{2147483647}}) {
        const json ids = json::array({1, id});
        EXPECT_EQ(model.run("detokenize", {{"tokens", ids}}).status(), LLMODEL_INVALID_ARGUMENT) << id;
        EXPECT_EQ(model.run("tokenize", {{"content", ids}}).status(), LLMODEL_INVALID_ARGUMENT) << id;
        EXPECT_EQ(model.run("complete", {{"prompt", ids}, {"max_tokens", 1}}).status(), LLMODEL_INVALID_ARGUMENT) << id;
        EXPECT_EQ(model.run("count_tokens", {{"prompt", ids}}).status(), LLMODEL_INVALID_ARGUMENT) << id;
    }
    EXPECT_EQ(model.run("detokenize", {{"tokens", {-1}}}).status(), LLMODEL_INVALID_ARGUMENT);
    expect_works(model);
}

} // namespace
