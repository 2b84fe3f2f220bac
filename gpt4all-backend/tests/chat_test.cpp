#include "api_fixture.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace {

using namespace api;
using testing::HasSubstr;

class Chat : public testing::Test {
  protected:
    TinyLlama model;
};

std::string streamed_and_whole(const Answer &answer, int index = 0) {
    EXPECT_EQ(answer.text(LLMODEL_EVENT_TEXT, index), content_of(answer, static_cast<size_t>(index)));
    return content_of(answer, static_cast<size_t>(index));
}

TEST_F(Chat, StreamsWhatTheResultHas) {
    const Answer answer = model.run("chat", chat("Hello there"));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_FALSE(streamed_and_whole(answer).empty());
    EXPECT_EQ(answer.events.front().kind, LLMODEL_EVENT_STARTED);
    EXPECT_EQ(answer.events.back().kind, LLMODEL_EVENT_RESULT);
    const json &usage = answer.result["usage"];
    EXPECT_EQ(usage["total_tokens"], usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
    EXPECT_EQ(answer.result["choices"][0]["message"]["role"], "assistant");
}

TEST_F(Chat, DoneComesAgainAndAgain) {
    const Task task = model.start("chat", chat("Hello there", {{"max_tokens", 2}}));
    EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    for (int i = 0; i < 3; ++i) {
        Event event;
        EXPECT_EQ(task.next(event, 0).status, LLMODEL_OK);
        EXPECT_EQ(event.kind, LLMODEL_EVENT_DONE);
    }
}

TEST_F(Chat, WithoutStreamOnlyTheResultHasText) {
    const Answer streamed = model.run("chat", chat("Hello there"));
    const Answer whole = model.run("chat", chat("Hello there", {{"stream", false}}));
    ASSERT_EQ(whole.status(), LLMODEL_OK) << whole.failure.message;
    EXPECT_EQ(whole.text(), "");
    EXPECT_EQ(content_of(whole), content_of(streamed));
}

TEST_F(Chat, ChoicesBeyondTheSlotsAreDifferentAndRepeatable) {
    const TinyLlama two_slots(json{{"n_parallel", 2}});
    const json request = chat("Hello there", {{"temperature", 1.5}, {"n", 5}, {"seed", 11}, {"max_tokens", 12}});
    const Answer first = two_slots.run("chat", request);
    const Answer again = two_slots.run("chat", request);
    ASSERT_EQ(first.status(), LLMODEL_OK) << first.failure.message;
    ASSERT_EQ(first.result["choices"].size(), 5U);
    std::set<std::string> texts;
    for (int i = 0; i < 5; ++i) {
        texts.insert(streamed_and_whole(first, i));
        EXPECT_EQ(first.result["choices"][static_cast<size_t>(i)]["index"], i);
        EXPECT_EQ(streamed_and_whole(again, i), content_of(first, static_cast<size_t>(i)));
    }
    EXPECT_EQ(texts.size(), 5U);
}

TEST_F(Chat, SeedsDecide) {
    const auto text = [this](int64_t seed) {
        return content_of(model.run("chat", chat("Hello there", {{"temperature", 1.5}, {"seed", seed}})));
    };
    EXPECT_EQ(text(1), text(1));
    EXPECT_NE(text(1), text(2));
    EXPECT_EQ(text(4294967294), text(4294967294));
    EXPECT_NE(text(-1), text(-1));
}

TEST_F(Chat, MaxTokensNoneAndOne) {
    const Answer none = model.run("chat", chat("Hello there", {{"max_tokens", 0}}));
    ASSERT_EQ(none.status(), LLMODEL_OK) << none.failure.message;
    EXPECT_EQ(streamed_and_whole(none), "");
    EXPECT_EQ(none.result["usage"]["completion_tokens"], 0);
    EXPECT_EQ(none.result["choices"][0]["finish_reason"], "length");
    const Answer one = model.run("chat", chat("Hello there", {{"max_tokens", 1}, {"return_tokens", true}}));
    EXPECT_EQ(one.result["usage"]["completion_tokens"], 1);
    EXPECT_EQ(one.result["choices"][0]["tokens"].size(), 1U);
    EXPECT_EQ(one.result["choices"][0]["finish_reason"], "length");
    for (const char *name : {"max_completion_tokens", "n_predict"}) {
        json request = chat("Hello there", {{name, 3}, {"ignore_eos", true}});
        request.erase("max_tokens");
        EXPECT_EQ(model.run("chat", request).result["usage"]["completion_tokens"], 3) << name;
    }
}

TEST_F(Chat, EndsByItselfWithReasonStop) {
    const json end = model.run("tokenize", {{"content", "<|im_end|>"}}).result["tokens"][0];
    const Answer answer = model.run(
        "chat", chat("Hello there", {{"max_tokens", 100}, {"logit_bias", json::array({json::array({end, 100})})}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(streamed_and_whole(answer), "");
}

TEST_F(Chat, ASecondTurnReusesTheFirst) {
    json request = chat("Hello there", {{"ignore_eos", true}, {"max_tokens", 12}});
    const Answer first = model.run("chat", request);
    ASSERT_EQ(first.status(), LLMODEL_OK) << first.failure.message;
    request["messages"].push_back(first.result["choices"][0]["message"]);
    request["messages"].push_back({{"role", "user"}, {"content", "and then?"}});
    const Answer second = model.run("chat", request);
    ASSERT_EQ(second.status(), LLMODEL_OK) << second.failure.message;
    const json &usage = second.result["usage"];
    EXPECT_GE(usage["prompt_tokens_details"]["cached_tokens"], first.result["usage"]["prompt_tokens"]);
    EXPECT_LT(usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]);
    request["cache_prompt"] = false;
    const Answer uncached = model.run("chat", request);
    EXPECT_EQ(uncached.result["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    EXPECT_EQ(content_of(uncached), content_of(second));
}

TEST_F(Chat, LogprobsAreOneForEachTokenAndFitTheChoice) {
    const Answer answer =
        model.run("chat", chat("Hello there", {{"logprobs", true}, {"top_logprobs", 20}, {"return_tokens", true}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const json &choice = answer.result["choices"][0];
    const json &content = choice["logprobs"]["content"];
    EXPECT_EQ(content.size(), answer.result["usage"]["completion_tokens"]);
    ASSERT_EQ(content.size(), choice["tokens"].size());
    std::string text;
    for (size_t i = 0; i < content.size(); ++i) {
        EXPECT_EQ(content[i]["id"], choice["tokens"][i]);
        EXPECT_EQ(content[i]["top_logprobs"].size(), 20U);
        EXPECT_EQ(content[i]["top_logprobs"][0]["id"], content[i]["id"]) << "greedy takes the most probable";
        EXPECT_EQ(content[i]["top_logprobs"][0]["logprob"], content[i]["logprob"]);
        double sum = 0;
        double last = 0;
        for (const json &top : content[i]["top_logprobs"]) {
            EXPECT_LE(top["logprob"].get<double>(), last);
            last = top["logprob"].get<double>();
            sum += std::exp(last);
        }
        EXPECT_LE(sum, 1.0 + 1e-5);
        EXPECT_GT(sum, 0.05);
        if (content[i]["token"] != "<|im_end|>") {
            text += content[i]["token"].get<std::string>();
        }
    }
    EXPECT_EQ(text, content_of(answer));
}

TEST_F(Chat, LogprobsCountTokensOfSplitCodePoints) {
    // The bytes of U+1F600, one token each, are forced by a grammar.
    const Answer answer = model.run(
        "chat",
        chat("Hello", {{"logprobs", true}, {"top_logprobs", 2}, {"grammar", "root ::= \"\xF0\x9F\x98\x80!\""}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(streamed_and_whole(answer), "\xF0\x9F\x98\x80!");
    const json &content = answer.result["choices"][0]["logprobs"]["content"];
    EXPECT_EQ(content.size(), answer.result["usage"]["completion_tokens"]);
    ASSERT_GE(content.size(), 5U);
    EXPECT_EQ(content[0]["bytes"], json({0xF0}));
    EXPECT_EQ(content[3]["bytes"], json({0x80}));
    EXPECT_EQ(answer.text().find("\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(Chat, TopLogprobsNeedLogprobs) {
    const Answer answer = model.run("chat", chat("Hello", {{"top_logprobs", 2}}));
    EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(answer.failure.detail["path"], "/top_logprobs");
    const Answer chosen_only = model.run("chat", chat("Hello", {{"logprobs", true}, {"max_tokens", 2}}));
    ASSERT_EQ(chosen_only.status(), LLMODEL_OK);
    EXPECT_EQ(chosen_only.result["choices"][0]["logprobs"]["content"][0]["top_logprobs"].size(), 0U);
}

TEST_F(Chat, ProbabilitiesAfterSampling) {
    const json fields = {{"logprobs", true}, {"top_logprobs", 3}, {"post_sampling_probs", true},
                         {"temperature", 1}, {"top_k", 2},        {"seed", 3}};
    const Answer answer = model.run("chat", chat("Hello there", fields));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    for (const json &token : answer.result["choices"][0]["logprobs"]["content"]) {
        double sum = 0;
        for (const json &top : token["top_probs"]) {
            sum += top["prob"].get<double>();
        }
        EXPECT_NEAR(sum, 1.0, 1e-4) << "top_k leaves two tokens: " << token;
    }
}

TEST_F(Chat, LogitBiasDecides) {
    const auto text = [this](const json &bias) {
        const Answer answer = model.run("chat", chat("Hello there", {{"logit_bias", bias}, {"max_tokens", 1}}));
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        return content_of(answer);
    };
    const json tokens = model.run("tokenize", {{"content", "!"}}).result["tokens"];
    const int id = tokens.back().get<int>();
    EXPECT_EQ(text({{std::to_string(id), 100}}), "!");
    EXPECT_EQ(text(json::array({json::array({id, 100})})), "!");
    const std::string usual = text(json::object());
    const Answer answer = model.run("chat", chat("Hello there", {{"max_tokens", 1}, {"return_tokens", true}}));
    const int chosen = answer.result["choices"][0]["tokens"][0].get<int>();
    EXPECT_NE(text(json::array({json::array({chosen, false})})), usual);
}

TEST_F(Chat, ProgressOfTheQuestion) {
    std::string question;
    for (int i = 0; i < 80; ++i) {
        question += "the house ";
    }
    const Answer answer =
        model.run("chat", chat(question, {{"return_progress", true}, {"timings_per_token", true}, {"max_tokens", 3}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    int64_t processed = 0;
    int events = 0;
    int with_timings = 0;
    for (const Event &event : answer.events) {
        if (event.kind == LLMODEL_EVENT_PROGRESS) {
            const json progress = json::parse(event.data);
            with_timings += progress.contains("timings") ? 1 : 0;
            EXPECT_GE(progress["processed"], processed);
            processed = progress["processed"].get<int64_t>();
            EXPECT_EQ(progress["total"], answer.result["usage"]["prompt_tokens"]);
            ++events;
        }
    }
    EXPECT_GT(events - with_timings, 3) << "batches of 64 tokens";
    EXPECT_GT(with_timings, 0);
    EXPECT_EQ(processed, answer.result["usage"]["prompt_tokens"]);
}

TEST_F(Chat, EverySamplerFieldIsTaken) {
    const json fields = {{"dynatemp_range", 0.5},
                         {"dynatemp_exponent", 1.5},
                         {"top_k", 5},
                         {"top_p", 0.5},
                         {"min_p", 0.1},
                         {"top_n_sigma", 1.0},
                         {"xtc_probability", 0.5},
                         {"xtc_threshold", 0.2},
                         {"typical_p", 0.5},
                         {"min_keep", 3},
                         {"repeat_last_n", 8},
                         {"repeat_penalty", 1.5},
                         {"frequency_penalty", 1.0},
                         {"presence_penalty", -1.0},
                         {"dry_multiplier", 0.8},
                         {"dry_base", 2.0},
                         {"dry_allowed_length", 1},
                         {"dry_penalty_last_n", 16},
                         {"dry_sequence_breakers", {"a", "\n"}},
                         {"mirostat", 2},
                         {"mirostat_tau", 4.0},
                         {"mirostat_eta", 0.2},
                         {"adaptive_target", 0.5},
                         {"adaptive_decay", 0.5},
                         {"samplers", {"top_k", "temperature"}},
                         {"backend_sampling", true},
                         {"seed", 4},
                         {"ignore_eos", true},
                         {"n_keep", 2},
                         {"n_discard", 2},
                         {"n_indent", 1},
                         {"t_max_predict_ms", 100000},
                         {"n_cache_reuse", 1},
                         {"id_slot", 1},
                         {"lora", json::array()},
                         {"stop", json::array()},
                         {"temperature", 0.5}};
    for (const auto &[name, value] : fields.items()) {
        json request = chat("Hello", {{"temperature", 0.8}, {"max_tokens", 3}});
        if (name == "adaptive_target") {
            request["samplers"] = {"top_k", "adaptive_p"};
        }
        request[name] = value;
        const Answer answer = model.run("chat", request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << name << ": " << answer.failure.message;
    }
    for (const char *sampler : {"penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc",
                                "temperature", "infill", "adaptive_p"}) {
        const Answer answer =
            model.run("chat", chat("Hello", {{"temperature", 0.8}, {"max_tokens", 3}, {"samplers", {sampler}}}));
        EXPECT_EQ(answer.status(), LLMODEL_OK) << sampler << ": " << answer.failure.message;
    }
}

TEST_F(Chat, MoreThanTheVocabularyIsAllOfIt) {
    for (const bool backend : {false, true}) {
        for (const int top_k : {100000, 1}) { // the second tells whether the model is whole afterwards
            const Answer answer =
                model.run("chat", chat("Hello", {{"top_k", top_k}, {"backend_sampling", backend}, {"max_tokens", 3}}));
            EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        }
    }
}

TEST_F(Chat, RepeatedTokensAreRarerWithAPenalty) {
    const auto distinct = [this](const json &fields) {
        json request = chat("Hello there", {{"max_tokens", 60}, {"ignore_eos", true}, {"return_tokens", true}});
        request.update(fields);
        const json tokens = model.run("chat", request).result["choices"][0]["tokens"];
        return std::set<int>(tokens.begin(), tokens.end()).size();
    };
    EXPECT_EQ(distinct({{"presence_penalty", 2.0}, {"repeat_penalty", 100.0}}), 60U);
    EXPECT_EQ(distinct({{"frequency_penalty", -2.0}, {"presence_penalty", -2.0}, {"repeat_penalty", 0.01}}) < 60U,
              true);
}

TEST_F(Chat, OverflowIsTypedWithNumbers) {
    std::string question;
    for (int i = 0; i < 600; ++i) {
        question += "the house ";
    }
    const Answer answer = model.run("chat", chat(question));
    EXPECT_EQ(answer.status(), LLMODEL_CONTEXT_OVERFLOW) << answer.failure.message;
    EXPECT_EQ(answer.failure.detail["n_ctx"], 512);
    EXPECT_GT(answer.failure.detail["n_prompt_tokens"], 1000);
    expect_works(model);
}

TEST_F(Chat, TheContextsEndIsReasonLength) {
    const TinyLlama small(json{{"n_ctx", 256}, {"n_parallel", 1}});
    const json request = complete("the house is", {{"max_tokens", 400}, {"ignore_eos", true}});
    const Answer answer = small.run("complete", request);
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "length");
    EXPECT_LE(answer.result["usage"]["total_tokens"], 257);
    EXPECT_GE(answer.result["usage"]["total_tokens"], 250);

    const TinyLlama shifting(json{{"n_ctx", 256}, {"n_parallel", 1}, {"context_shift", true}});
    const Answer longer = shifting.run("complete", request);
    ASSERT_EQ(longer.status(), LLMODEL_OK) << longer.failure.message;
    EXPECT_EQ(longer.result["usage"]["completion_tokens"], 400);
    EXPECT_EQ(longer.result["choices"][0]["truncated"], true);
    EXPECT_EQ(content_of(longer).substr(0, content_of(answer).size()), content_of(answer));
}

TEST_F(Chat, ContinuesTheFinalMessage) {
    json request = chat("Hello there", {{"ignore_eos", true}});
    request["messages"].push_back({{"role", "assistant"}, {"content", "the house"}});
    request["continue_final_message"] = true;
    request["add_generation_prompt"] = false;
    const Answer prompt = model.run(
        "apply_template",
        {{"messages", request["messages"]}, {"continue_final_message", true}, {"add_generation_prompt", false}});
    ASSERT_EQ(prompt.status(), LLMODEL_OK) << prompt.failure.message;
    EXPECT_THAT(prompt.result["prompt"].get<std::string>(), testing::EndsWith("the house"));
    const Answer answer = model.run("chat", request);
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const Answer same = model.run("complete", complete(prompt.result["prompt"], {{"ignore_eos", true}}));
    EXPECT_THAT(streamed_and_whole(answer), HasSubstr(content_of(same)));
}

TEST_F(Chat, BeginsANewMessageUnlessAsked) {
    const json messages = {{{"role", "user"}, {"content", "Hello"}}, {{"role", "assistant"}, {"content", "the house"}}};
    const json plain = model.run("apply_template", {{"messages", messages}}).result;
    EXPECT_THAT(plain["prompt"].get<std::string>(), testing::Not(testing::EndsWith("the house")));
    EXPECT_EQ(model.run("apply_template", {{"messages", messages}, {"continue_final_message", false}}).result, plain);
}

} // namespace
