#include "api_fixture.h"

#include <gmock/gmock.h>

#include <string>

namespace {

using namespace api;

/** Stop texts end text, not calls, and a call that was cut is not told as a whole one. */
class ToolsStop : public testing::Test {
  protected:
    /** Its calls begin with one token, so that a bias for it makes the model call. */
    TinyLlama model{
        json{{"n_ctx", 1024},
             {"chat_template",
              "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}"
              "{% for m in messages %}{{ m.role }}: {{ m.content or '' }}"
              "{% for c in m.tool_calls or [] %}<|im_start|>{\"name\": \"{{ c.function.name }}\", "
              "\"arguments\": {{ c.function.arguments | tojson }}}\n<|im_end|>{% endfor %}\n{% endfor %}"}}};

    json request(const json &fields) const {
        const json parameters = {
            {"type", "object"},
            {"properties", {{"place", {{"enum", {"Paris", "Rome"}}}}, {"days", {{"enum", {1, 2}}}}}},
            {"required", {"place", "days"}},
            {"additionalProperties", false}};
        json all = chat("x", {{"max_tokens", 80}});
        all["tools"] = {{{"type", "function"}, {"function", {{"name", "weather"}, {"parameters", parameters}}}}};
        all.update(fields);
        return all;
    }

    json calling(const char *choice, const json &fields) const {
        const json begin = model.run("tokenize", {{"content", "<|im_start|>"}}).result["tokens"][0];
        json all = {{"tool_choice", choice}, {"parallel_tool_calls", false}};
        all["logit_bias"] = json::array({json::array({begin, 100})});
        all.update(fields);
        return request(all);
    }

    static std::string arguments(const Answer &answer) {
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json &message = answer.result["choices"][0]["message"];
        return message.contains("tool_calls") ? message["tool_calls"][0]["function"]["arguments"].get<std::string>()
                                              : "";
    }

    static std::string streamed(const Answer &answer) {
        std::string all;
        for (const Event &event : answer.events) {
            if (event.kind == LLMODEL_EVENT_TOOL_CALL) {
                all += json::parse(event.data)["function"].value("arguments", "");
            }
        }
        return all;
    }

    static std::string reason(const Answer &answer) { return answer.result["choices"][0]["finish_reason"]; }
};

TEST_F(ToolsStop, DoesNotCutCalls) {
    for (const char *choice : {"auto", "required"}) {
        const Answer plain = model.run("chat", calling(choice, json::object()));
        EXPECT_EQ(reason(plain), "tool_calls");
        ASSERT_TRUE(json::accept(arguments(plain))) << arguments(plain);
        for (const char *stop : {"\"", "days", "}", "me", "\n", "weather"}) {
            const Answer answer = model.run("chat", calling(choice, {{"stop", stop}}));
            EXPECT_EQ(reason(answer), "tool_calls") << choice << stop;
            EXPECT_EQ(arguments(answer), arguments(plain)) << choice << stop;
            EXPECT_EQ(streamed(answer), arguments(answer)) << choice << stop;
            EXPECT_EQ(answer.text(), "") << choice << stop;
        }
    }
}

TEST_F(ToolsStop, CutsTextBesideTools) {
    const std::string text = content_of(model.run("chat", request({{"ignore_eos", true}})));
    ASSERT_GT(text.size(), 20U);
    const std::string stop = text.substr(10, 4);
    const Answer answer = model.run("chat", request({{"ignore_eos", true}, {"stop", {stop}}}));
    EXPECT_EQ(content_of(answer), text.substr(0, text.find(stop)));
    EXPECT_EQ(reason(answer), "stop");
    EXPECT_EQ(answer.text(), content_of(answer));
}

TEST_F(ToolsStop, ACallThatIsCutIsNotWhole) {
    for (const char *choice : {"auto", "required"}) {
        const std::string whole = arguments(model.run("chat", calling(choice, json::object())));
        for (int tokens = 1; tokens < 60; tokens += 7) {
            const Answer answer = model.run("chat", calling(choice, {{"max_tokens", tokens}}));
            if (reason(answer) == "tool_calls") {
                EXPECT_EQ(arguments(answer), whole) << choice << tokens;
            } else {
                EXPECT_EQ(reason(answer), "length") << choice << tokens;
                EXPECT_TRUE(whole.starts_with(arguments(answer))) << choice << tokens << arguments(answer);
            }
            EXPECT_EQ(streamed(answer), arguments(answer)) << choice << tokens;
        }
    }
}

} // namespace
