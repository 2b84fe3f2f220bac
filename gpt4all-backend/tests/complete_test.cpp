#include "api_fixture.h"

#include <gmock/gmock.h>

namespace {

using namespace api;

class Complete : public testing::Test {
  protected:
    TinyLlama model;
};

TEST_F(Complete, IdsAndTextAreTheSamePrompt) {
    const std::string text = "the house is";
    const json ids = model.run("tokenize", {{"content", text}, {"add_special", true}}).result["tokens"];
    const Answer by_text = model.run("complete", complete(text));
    const Answer by_ids = model.run("complete", complete(ids));
    ASSERT_EQ(by_ids.status(), LLMODEL_OK) << by_ids.failure.message;
    EXPECT_EQ(content_of(by_ids), content_of(by_text));
    EXPECT_EQ(by_ids.result["usage"]["prompt_tokens"], ids.size());
    EXPECT_EQ(by_text.text(), content_of(by_text));
}

/** Log-probabilities, which want the vocabulary sorted, must not change what is answered. */
TEST_F(Complete, GreedyAnswersAreThoseOfTheSortedVocabulary) {
    const auto both = [this](json fields) {
        fields.update({{"max_tokens", 24}, {"ignore_eos", true}});
        const std::string straight = content_of(model.run("complete", complete("the house is", fields)));
        fields["n_probs"] = 1;
        const Answer sorted = model.run("complete", complete("the house is", fields));
        EXPECT_EQ(straight, content_of(sorted)) << fields;
        return sorted.result["choices"][0];
    };
    const json plain = both(json::object());
    const std::string first = std::to_string(plain["logprobs"]["content"][0]["id"].get<int>());
    const auto biased = [&](double bias) { return both({{"logit_bias", {{first, bias}}}}); };
    EXPECT_NE(biased(-100)["text"], plain["text"]);
    EXPECT_NE(biased(100)["text"], plain["text"]);
    EXPECT_EQ(biased(0.001)["logprobs"]["content"][0]["id"], plain["logprobs"]["content"][0]["id"]);
    EXPECT_NE(both({{"repeat_penalty", 1.5}})["text"], plain["text"]);
}

/** Every place at which the text can be cut is tried: what comes before the stop string is given, whole. */
TEST_F(Complete, StopStringsCutAtEveryByte) {
    const json fields = {{"max_tokens", 20}, {"ignore_eos", true}};
    const std::string all = content_of(model.run("complete", complete("the house is", fields)));
    ASSERT_GT(all.size(), 20U);
    for (size_t at = 0; at + 2 <= all.size(); ++at) {
        const std::string stop = all.substr(at, 2);
        if ((static_cast<unsigned char>(stop[0]) | static_cast<unsigned char>(stop[1])) >= 0x80) {
            continue; // a stop string is whole code points; the next test has such
        }
        json request = complete("the house is", fields);
        request["stop"] = json::array({"never to be seen", stop});
        const Answer answer = model.run("complete", request);
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(content_of(answer), all.substr(0, all.find(stop))) << "stop: " << stop;
        EXPECT_EQ(answer.text(), content_of(answer)) << "stop: " << stop;
        EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "stop");
        EXPECT_EQ(answer.result["choices"][0]["stopping_word"], stop);
    }
}

TEST_F(Complete, TextHeldBackForAStopStringIsGivenAtTheEnd) {
    const json fields = {{"max_tokens", 10}, {"ignore_eos", true}};
    const std::string all = content_of(model.run("complete", complete("the house is", fields)));
    for (size_t held = 1; held <= all.size() && held < 12; ++held) {
        json request = complete("the house is", fields);
        request["stop"] = all.substr(all.size() - held) + "~never~";
        const Answer answer = model.run("complete", request);
        EXPECT_EQ(answer.text(), all) << held;
        EXPECT_EQ(content_of(answer), all) << held;
        EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "length");
    }
}

TEST_F(Complete, StopStringsOfSplitCodePoints) {
    const std::string smile = "\xF0\x9F\x98\x80";
    const Answer answer =
        model.run("complete", complete("x", {{"grammar", "root ::= \"ab" + smile + "cd\""}, {"stop", smile}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(content_of(answer), "ab");
    EXPECT_EQ(answer.text(), "ab");
    EXPECT_EQ(answer.result["choices"][0]["stopping_word"], smile);
}

TEST_F(Complete, AnAnswerCutWithinACodePointIsStillUtf8) {
    for (int tokens = 1; tokens <= 4; ++tokens) {
        const Answer answer = model.run(
            "complete", complete("x", {{"grammar", "root ::= \"\xF0\x9F\x98\x80\""}, {"max_tokens", tokens}}));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(content_of(answer), tokens == 4 ? "\xF0\x9F\x98\x80" : "\xEF\xBF\xBD") << tokens;
        EXPECT_EQ(answer.text(), content_of(answer));
    }
}

TEST_F(Complete, LogprobsStopBeforeTheStopString) {
    const json fields = {{"max_tokens", 12}, {"ignore_eos", true}, {"n_probs", 2}};
    const Answer all = model.run("complete", complete("the house is", fields));
    const json &tokens = all.result["choices"][0]["logprobs"]["content"];
    ASSERT_EQ(tokens.size(), 12U);
    json request = complete("the house is", fields);
    request["stop"] = tokens[6]["token"];
    const Answer stopped = model.run("complete", request);
    std::string text;
    for (const json &token : stopped.result["choices"][0]["logprobs"]["content"]) {
        text += token["token"].get<std::string>();
    }
    EXPECT_EQ(text, content_of(stopped));
}

TEST_F(Complete, MixedPromptsAreJoined) {
    const json ids = model.run("tokenize", {{"content", "the house"}, {"add_special", true}}).result["tokens"];
    json mixed = ids;
    mixed.push_back(" is");
    const Answer answer = model.run("complete", complete(mixed, {{"max_tokens", 4}}));
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_GT(answer.result["usage"]["prompt_tokens"], ids.size());
}

TEST_F(Complete, ManyAtOnceGiveWhatEachGivesAlone) {
    const std::vector<std::string> prompts = {"the house", "many people", "what is", "how long", "you are", "it was"};
    std::vector<std::string> alone;
    alone.reserve(prompts.size());
    for (const std::string &prompt : prompts) {
        alone.push_back(content_of(model.run("complete", complete(prompt))));
    }
    std::vector<Task> tasks;
    tasks.reserve(prompts.size());
    for (const std::string &prompt : prompts) {
        tasks.push_back(model.start("complete", complete(prompt)));
    }
    for (size_t i = prompts.size(); i-- > 0;) {
        const Answer answer = tasks[i].finish();
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(content_of(answer), alone[i]) << prompts[i];
    }
}

} // namespace
