#include "api_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

/** Log-probabilities within a stream: those of the text that was given, with it. That all of them together are the
 *  result's is checked with every answer. */
namespace {

using namespace api;

std::string bytes_of(const json &tokens) {
    std::string all;
    for (const json &token : tokens) {
        for (const json &byte : token["bytes"]) {
            all += static_cast<char>(byte.get<int>());
        }
    }
    return all;
}

/** The text that had been given, and the bytes of the tokens that had been told, at one event of log-probabilities. */
struct Told {
    std::string text;
    std::string tokens;
    size_t last; // bytes of the last token
};

std::vector<Told> told_in(const Answer &answer) {
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    std::vector<Told> all;
    Told now{};
    for (const Event &event : answer.events) {
        if (event.kind == LLMODEL_EVENT_TOKEN_LOGPROBS) {
            const json content = json::parse(event.data)["content"];
            now.tokens += bytes_of(content);
            now.last = bytes_of(json::array({content.back()})).size();
            all.push_back(now);
        } else if (event.kind == LLMODEL_EVENT_TEXT) {
            now.text += event.data;
        }
    }
    return all;
}

class StreamLogprobs : public testing::Test {
  protected:
    TinyLlama model;

    Answer ask(json fields) const {
        fields.update({{"logprobs", 2}, {"max_tokens", 20}});
        return model.run("complete", complete("the house is", fields));
    }
};

TEST_F(StreamLogprobs, ComeWithTheirText) {
    const std::vector<Told> told = told_in(ask({{"ignore_eos", true}}));
    EXPECT_GT(told.size(), 10U);
    for (const Told &each : told) {
        EXPECT_EQ(each.tokens, each.text);
    }
}

TEST_F(StreamLogprobs, ComeForNobodyElse) {
    EXPECT_TRUE(told_in(model.run("complete", complete("the house is"))).empty());
    EXPECT_TRUE(told_in(ask({{"stream", false}})).empty());
}

/** Wherever the answer is cut, or only might have been. */
TEST_F(StreamLogprobs, AreHeldBackWithTheirText) {
    const std::string all = content_of(ask({{"ignore_eos", true}}));
    ASSERT_GT(all.size(), 20U);
    for (size_t at = 0; at + 5 <= all.size(); ++at) {
        for (const char *never : {"", "~never~"}) {
            const std::string stop = all.substr(at, 5) + never;
            if (!std::ranges::all_of(stop, [](char byte) { return byte >= ' ' && byte <= '~'; })) {
                continue; // a stop is whole code points
            }
            const Answer answer = ask({{"ignore_eos", true}, {"stop", stop}});
            const std::vector<Told> told = told_in(answer);
            for (size_t i = 0; i + 1 < told.size(); ++i) {
                EXPECT_TRUE(told[i].text.starts_with(told[i].tokens)) << stop << i;
            }
            if (!told.empty()) { // the stop may begin within the last token
                EXPECT_TRUE(told.back().tokens.starts_with(content_of(answer))) << stop;
                EXPECT_LT(told.back().tokens.size() - told.back().last, content_of(answer).size()) << stop;
            }
        }
    }
}

TEST_F(StreamLogprobs, OfSplitCodePointsComeWithTheCodePoint) {
    const std::vector<Told> told = told_in(ask({{"grammar", "root ::= \"a\xF0\x9F\x98\x80!\""}}));
    ASSERT_EQ(told.size(), 4U);
    EXPECT_EQ(told[0].tokens, "a");
    EXPECT_EQ(told[1].tokens, "a\xF0\x9F\x98\x80");
    EXPECT_EQ(told[1].text, told[1].tokens);
    EXPECT_EQ(told[2].tokens, "a\xF0\x9F\x98\x80!");
    EXPECT_EQ(told[3].text, told[2].text) << "the token that ends the answer has no text";
}

TEST_F(StreamLogprobs, OfSeveralChoicesAreKeptApart) {
    const Answer answer = ask({{"n", 3}, {"temperature", 1}, {"seed", 1}, {"ignore_eos", true}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    for (int index = 0; index < 3; ++index) {
        EXPECT_EQ(bytes_of(answer.logprobs(index)), answer.text(LLMODEL_EVENT_TEXT, index));
    }
}

/** Of what is parsed out of a text: what was told of tokens is never further than what was given, nor far behind. */
void expect_in_step(const Answer &answer) {
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const std::string raw = bytes_of(answer.result["choices"][0]["logprobs"]["content"]);
    size_t given = 0;
    size_t told = 0;
    int in_step = 0;
    const auto give = [&](const std::string &piece) {
        const size_t at = raw.find(piece, given);
        ASSERT_NE(at, std::string::npos) << piece << " in " << raw;
        given = at + piece.size();
    };
    for (const Event &event : answer.events) {
        if (event.kind == LLMODEL_EVENT_TEXT || event.kind == LLMODEL_EVENT_REASONING) {
            give(event.data);
        } else if (event.kind == LLMODEL_EVENT_TOOL_CALL) {
            const json function = json::parse(event.data)["function"];
            give(function.value("name", ""));
            give(function.value("arguments", ""));
        } else if (event.kind == LLMODEL_EVENT_TOKEN_LOGPROBS) {
            if (told > 0 && given < raw.size()) {
                EXPECT_LE(told, given) << raw;
            }
            told += bytes_of(json::parse(event.data)["content"]).size();
            in_step += static_cast<int>(told == given);
        }
    }
    EXPECT_EQ(told, raw.size());
    EXPECT_GT(in_step, 5) << raw;
}

TEST(StreamLogprobsParsed, OfReasoning) {
    const TinyLlama model(
        json{{"n_ctx", 1024},
             {"chat_template", "{% for m in messages %}<|im_start|>{{ m.role }}\n"
                               "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
                               "{{ m.content or '' }}<|im_end|>\n{% endfor %}"
                               "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"}});
    const char *grammar = "root ::= \"<think>\\nLet me see what it is.\\n</think>\\n\\nGood morning, \\u00e9!\"";
    const Answer answer = model.run(
        "chat", chat("x", {{"grammar", grammar}, {"logprobs", true}, {"top_logprobs", 1}, {"max_tokens", 100}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.text(LLMODEL_EVENT_REASONING), "Let me see what it is.\n");
    EXPECT_EQ(answer.text(), "Good morning, \xC3\xA9!");
    expect_in_step(answer);
}

TEST(StreamLogprobsParsed, OfCalls) {
    const TinyLlama model(
        json{{"n_ctx", 1024},
             {"chat_template",
              "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}"
              "{% for m in messages %}{{ m.role }}: {{ m.content or '' }}"
              "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", "
              "\"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n{% endfor %}"}});
    const json parameters = {{"type", "object"},
                             {"properties", {{"place", {{"enum", {"Paris", "Rome"}}}}}},
                             {"required", {"place"}},
                             {"additionalProperties", false}};
    const json tool = {{"type", "function"}, {"function", {{"name", "weather"}, {"parameters", parameters}}}};
    const Answer answer = model.run("chat", chat("x", {{"tools", json::array({tool})},
                                                       {"tool_choice", "required"},
                                                       {"parallel_tool_calls", false},
                                                       {"logprobs", true},
                                                       {"max_tokens", 200}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_NE(answer.text(LLMODEL_EVENT_TOOL_CALL), "") << answer.result;
    expect_in_step(answer);
}

} // namespace
