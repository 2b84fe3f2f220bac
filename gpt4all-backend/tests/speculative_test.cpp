#include "api_fixture.h"

namespace {

using namespace api;

const json repetitive =
    complete("the house is the house is the house is the", {{"max_tokens", 80}, {"ignore_eos", true}});

std::string plain_text() {
    return content_of(TinyLlama().run("complete", repetitive));
}

class Speculative : public testing::TestWithParam<const char *> {};

/** Guessing changes how fast an answer comes, never what it is. */
TEST_P(Speculative, NgramsChangeNothing) {
    json options = {{"type", GetParam()}, {"ngram_size_n", 2}, {"ngram_size_m", 4}};
    if (std::string(GetParam()) == "ngram-mod") {
        options = {{"type", GetParam()}, {"ngram_size_n", 16}, {"n_max", 8}, {"n_min", 2}};
    }
    const TinyLlama model(json{{"speculative", options}});
    for (int i = 0; i < 2; ++i) {
        const Answer answer = model.run("complete", repetitive);
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(content_of(answer), plain_text());
        EXPECT_EQ(answer.text(), content_of(answer));
        EXPECT_EQ(answer.result["usage"]["completion_tokens"], 80);
    }
}

INSTANTIATE_TEST_SUITE_P(Types, Speculative,
                         testing::Values("none", "ngram-simple", "ngram-map-k", "ngram-map-k4v", "ngram-mod",
                                         "ngram-cache"),
                         [](const auto &test) {
                             std::string name = test.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST(SpeculativeDraft, AModelsOwnGuessesAreAllRight) {
    const TinyLlama model(json{{"draft", {{"path", model_path("tiny-llama-f32.gguf")}, {"n_max", 4}}}});
    const Answer answer = model.run("complete", repetitive);
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(content_of(answer), plain_text());
    EXPECT_EQ(answer.text(), content_of(answer));
    const json &timings = answer.result["timings"];
    EXPECT_GT(timings["draft_n"], 0);
    EXPECT_GT(timings["draft_n_accepted"].get<double>(), 0.8 * timings["draft_n"].get<double>());
}

TEST(SpeculativeDraft, ALesserDraftChangesNothing) {
    const TinyLlama model(json{{"draft", {{"path", model_path("tiny-llama-q4_0.gguf")}, {"n_max", 4}}}});
    EXPECT_EQ(content_of(model.run("complete", repetitive)), plain_text());
}

/** A token that was guessed right is as probable as any other. */
TEST(SpeculativeDraft, ProbabilitiesAreThoseOfTheModel) {
    json request = repetitive;
    request.update({{"logprobs", 2}});
    const auto probabilities = [&request](const json &options) {
        return TinyLlama(options).run("complete", request).result["choices"][0]["logprobs"]["content"];
    };
    const json plain = probabilities(json::object());
    ASSERT_EQ(plain.size(), 80U);
    EXPECT_EQ(probabilities({{"draft", {{"path", model_path("tiny-llama-f32.gguf")}, {"n_max", 4}}}}), plain);
    EXPECT_EQ(probabilities({{"speculative", {{"type", "ngram-simple"}, {"ngram_size_n", 2}, {"ngram_size_m", 4}}}}),
              plain);
}

TEST(SpeculativeDraft, FilesThatAreNoneAreRefused) {
    const std::string tiny = model_path("tiny-llama-f32.gguf");
    EXPECT_EQ(refuse(tiny, {{"draft", {{"path", model_path("no-such-file.gguf")}}}}).status, LLMODEL_NOT_FOUND);
    EXPECT_EQ(refuse(tiny, {{"draft", {{"path", model_path("README.md")}}}}).status, LLMODEL_INVALID_MODEL);
    EXPECT_NE(refuse(tiny, {{"draft", {{"path", model_path("tiny-bert.gguf")}}}}).status, LLMODEL_OK);
}

} // namespace
