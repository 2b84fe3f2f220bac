#include "api_fixture.h"

#include <gmock/gmock.h>

#include <initializer_list>
#include <set>
#include <string>

namespace {

using namespace api;

constexpr const char *template_with_tools =
    "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}{% for m in messages %}{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", "
    "\"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n{% endfor %}";

/** What is asked for but not available is refused, and never dropped in silence. */
class RequestConflicts : public testing::Test {
  protected:
    TinyLlama model{json{{"n_ctx", 1024}, {"chat_template", template_with_tools}}};

    Answer run(const std::string &operation, const json &fields) const {
        json request = operation == "complete" ? complete("x", {{"max_tokens", 4}}) : chat("x", {{"max_tokens", 4}});
        if (operation == "apply_template") {
            request.erase("max_tokens");
            request.erase("temperature");
        }
        request.update(fields);
        return model.run(operation.c_str(), request);
    }

    void expect_refused(const std::string &operation, const json &fields, const std::string &path,
                        std::initializer_list<const char *> names) const {
        const Answer answer = run(operation, fields);
        EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << operation << fields << answer.failure.message;
        EXPECT_EQ(answer.failure.detail.value("path", "none"), path) << operation << fields;
        for (const char *name : names) {
            EXPECT_THAT(answer.failure.message, testing::HasSubstr(name));
        }
    }

    void expect_taken(const std::string &operation, const json &fields) const {
        const Answer answer = run(operation, fields);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << operation << fields << answer.failure.message;
    }

    static json tool(const std::string &name) {
        return {{"type", "function"}, {"function", {{"name", name}, {"parameters", {{"type", "object"}}}}}};
    }
};

TEST_F(RequestConflicts, OneFormOfTheAnswer) {
    const json grammar = {{"grammar", "root ::= \"heads\""}};
    const json schema = {{"json_schema", {{"enum", {1}}}}};
    const json format = {
        {"response_format", {{"type", "json_schema"}, {"json_schema", {{"schema", {{"enum", {2}}}}}}}}};
    const auto both = [](json one, const json &other) {
        one.update(other);
        return one;
    };
    for (const char *operation : {"chat", "complete"}) {
        expect_refused(operation, both(grammar, schema), "/json_schema", {"\"grammar\"", "\"json_schema\""});
        expect_refused(operation, both(grammar, format), "/response_format", {"\"grammar\"", "\"response_format\""});
        expect_refused(operation, both(schema, format), "/response_format", {"\"json_schema\"", "\"response_format\""});
        expect_taken(operation, both(grammar, {{"response_format", {{"type", "text"}}}}));
    }
}

TEST_F(RequestConflicts, CallsThatCannotBeMade) {
    expect_refused("chat", {{"tool_choice", "required"}}, "/tool_choice", {"tools"});
    expect_refused("chat", {{"tool_choice", "required"}, {"tools", json::array()}}, "/tool_choice", {"tools"});
    const json named = {{"type", "function"}, {"function", {{"name", "f"}}}};
    expect_refused("chat", {{"tool_choice", named}}, "/tool_choice", {"tools"});
    expect_refused("chat", {{"tool_choice", named}, {"tools", {tool("g")}}}, "/tool_choice/function/name", {"\"f\""});
    expect_refused("chat", {{"parallel_tool_calls", false}}, "/parallel_tool_calls", {"tools"});
    expect_taken("chat", {{"tool_choice", "auto"}});
    expect_taken("chat", {{"tool_choice", "none"}});
}

TEST_F(RequestConflicts, ACallOrATextOfAForm) {
    const json named = {{"type", "function"}, {"function", {{"name", "f"}}}};
    for (const json &choice : {json("required"), named}) {
        const json asked = {{"tools", {tool("f")}}, {"tool_choice", choice}};
        for (const auto &[form, value] : {std::pair<const char *, json>("grammar", "root ::= \"a\""),
                                          {"json_schema", {{"enum", {1}}}},
                                          {"response_format", {{"type", "json_object"}}}}) {
            json fields = asked;
            fields[form] = value;
            expect_refused("chat", fields, std::string("/") + form, {"tool_choice", form});
        }
    }
    expect_taken("chat", {{"tools", {tool("f")}}, {"json_schema", {{"enum", {1}}}}});
}

TEST_F(RequestConflicts, TwoToolsOfOneName) {
    const json fields = {{"tools", {tool("f"), tool("g"), tool("f")}}};
    for (const char *operation : {"chat", "apply_template"}) {
        expect_refused(operation, fields, "/tools/2/function/name", {"\"f\""});
    }
}

TEST_F(RequestConflicts, TokensThatAreNotThere) {
    for (const char *operation : {"chat", "complete"}) {
        expect_refused(operation, {{"logit_bias", {{"1000000000", 100}}}}, "/logit_bias/1000000000", {"1000000000"});
        expect_refused(operation, {{"logit_bias", {{"4294967296", 100}}}}, "/logit_bias/4294967296", {"4294967296"});
        expect_refused(operation, {{"logit_bias", {{"", 100}}}}, "/logit_bias/", {"not a token"});
        const json list = {{"logit_bias", {{1, 1}, {99999, 1}}}};
        expect_refused(operation, list, "/logit_bias/1/0", {"99999"});
    }
    const json bias = {{"ignore_eos", true}, {"return_tokens", true}, {"logit_bias", {{"70", 100}}}};
    EXPECT_EQ(run("complete", bias).result["choices"][0]["tokens"], json({70, 70, 70, 70}));
}

TEST_F(RequestConflicts, TwoNamesOfOneThing) {
    expect_refused("chat", {{"max_completion_tokens", 4}}, "/max_completion_tokens", {"max_tokens"});
    expect_refused("complete", {{"n_predict", 4}}, "/n_predict", {"max_tokens"});
    expect_refused("complete", {{"logprobs", 1}, {"n_probs", 2}}, "/n_probs", {"logprobs"});
    expect_refused("chat", {{"reasoning_budget_tokens", 1}, {"thinking_budget_tokens", 1}}, "/thinking_budget_tokens",
                   {"reasoning_budget_tokens"});
}

TEST_F(RequestConflicts, OptionsThatNeedOthers) {
    expect_refused("chat", {{"top_logprobs", 2}}, "/top_logprobs", {"\"logprobs\": true"});
    expect_refused("chat", {{"top_logprobs", 2}, {"logprobs", false}}, "/top_logprobs", {"\"logprobs\": true"});
    expect_refused("complete", {{"post_sampling_probs", true}}, "/post_sampling_probs", {"logprobs"});
    expect_refused("complete", {{"adaptive_target", 0.5}}, "/adaptive_target", {"adaptive_p"});
    expect_taken("complete", {{"post_sampling_probs", true}, {"n_probs", 2}});
    expect_taken("chat", {{"post_sampling_probs", true}, {"logprobs", true}});
    expect_taken("complete", {{"adaptive_target", 0.5}, {"samplers", {"adaptive_p"}}});
}

TEST(RequestConflictsOfAdapters, OneScaleForEach) {
    const TinyLlama model(json{{"lora", {{{"path", model_path("tiny-llama-lora.gguf")}, {"scale", 1}}}}});
    const json twice = {{"lora", {{{"id", 0}, {"scale", 1}}, {{"id", 0}, {"scale", 0}}}}};
    for (const char *operation : {"complete", "adapters"}) {
        json request = operation == std::string("adapters") ? json::object() : complete("x", {{"max_tokens", 1}});
        request.update(twice);
        const Answer answer = model.run(operation, request);
        EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << operation << answer.failure.message;
        EXPECT_EQ(answer.failure.detail["path"], "/lora/1/id") << operation;
    }
}

TEST_F(RequestConflicts, NullIsNotGiven) {
    json fields = json::object();
    const json schema = json::parse(llmodel_schema());
    for (const char *group : {"conversation", "constraints", "generation", "sampling"}) {
        for (const auto &[name, field] : schema["$defs"][group]["properties"].items()) {
            if (name != "messages" && name != "max_tokens") {
                fields[name] = nullptr;
            }
        }
    }
    for (const auto &[name, field] : schema["$defs"]["chat_request"]["properties"].items()) {
        fields[name] = nullptr;
    }
    const Answer plain = run("chat", json::object());
    fields["temperature"] = 0;
    const Answer answer = run("chat", fields);
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(content_of(answer), content_of(plain));
}

TEST_F(RequestConflicts, WhatTheTemplateGetsFromTheRequest) {
    for (const char *operation : {"chat", "apply_template", "count_tokens"}) {
        for (const char *name : {"messages", "tools", "add_generation_prompt"}) {
            json fields = {{"messages", chat("x")["messages"]}, {"chat_template_kwargs", {{name, json::array()}}}};
            const Answer answer = model.run(operation, fields);
            EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << operation << name;
            EXPECT_EQ(answer.failure.detail.value("path", ""), std::string("/chat_template_kwargs/") + name);
        }
    }
    const Failure opened =
        refuse(model_path("tiny-llama-f32.gguf"), {{"chat_template_kwargs", {{"messages", json::array()}}}});
    EXPECT_EQ(opened.status, LLMODEL_INVALID_ARGUMENT) << opened.message;
    EXPECT_EQ(run("chat", {{"chat_template_kwargs", {{"enable_thinking", false}}}}).status(), LLMODEL_OK);
}

TEST_F(RequestConflicts, ACallCannotBeginWithTheTextThatIsContinued) {
    const json messages = {{{"role", "user"}, {"content", "x"}}, {{"role", "assistant"}, {"content", "a"}}};
    const json object = {{"type", "json_object"}};
    for (const json &how : {json(true), json("content")}) {
        json fields = {{"messages", messages}, {"continue_final_message", how}, {"tools", json::array({tool("f")})}};
        EXPECT_EQ(run("chat", fields).status(), LLMODEL_OK) << how;
        fields["tool_choice"] = "required";
        expect_refused("chat", fields, "/continue_final_message", {"call"});
        fields.erase("tool_choice");
        fields["response_format"] = object;
        expect_refused("chat", fields, "/continue_final_message", {"tools"});
        fields.erase("tools");
        EXPECT_EQ(run("chat", fields).status(), LLMODEL_OK) << how;
    }
}

TEST_F(RequestConflicts, ACallThatWasCutOffIsNamed) {
    json call = {{"id", "1"}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{\"bad"}}}};
    const json said = {{"role", "assistant"}, {"tool_calls", json::array({call})}};
    expect_refused("chat", {{"messages", {{{"role", "user"}, {"content", "x"}}, said}}},
                   "/messages/1/tool_calls/0/function/arguments", {"not JSON", "\"f\""});
}

TEST_F(RequestConflicts, MessagesThatOpenAisClientDumps) {
    const json user = {{"role", "user"}, {"content", "x"}, {"name", nullptr}};
    const json call = {{"id", "1"}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}};
    json said = {{"role", "assistant"},          {"content", "Hi"},       {"refusal", nullptr},
                 {"annotations", json::array()}, {"audio", nullptr},      {"name", nullptr},
                 {"function_call", nullptr},     {"tool_calls", nullptr}, {"reasoning_content", nullptr}};
    const auto prompt = [&](const json &messages) {
        const Answer answer = model.run("apply_template", {{"messages", messages}, {"tools", nullptr}});
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        return answer.result.value("prompt", "");
    };
    EXPECT_EQ(prompt({user, said, user}), "xHix");
    said["content"] = nullptr;
    said["refusal"] = "No.";
    EXPECT_EQ(prompt({user, said, user}), "xNo.x");
    said["refusal"] = nullptr;
    said["tool_calls"] = json::array({call});
    EXPECT_THAT(prompt({user, said, user}), testing::HasSubstr("{\"name\": \"f\", \"arguments\": {}}"));

    const json nothing = {{"role", "user"}, {"content", nullptr}};
    const Answer answer = model.run("chat", {{"messages", json::array({nothing})}});
    EXPECT_EQ(answer.failure.detail["path"], "/messages/0/content") << "which must be there";
    said["colour"] = nullptr;
    const Answer unknown = model.run("chat", {{"messages", {user, said}}});
    EXPECT_THAT(unknown.failure.message, testing::HasSubstr("messages[1].colour"));
}

TEST_F(RequestConflicts, NullStaysWhereItMeansSomething) {
    const json answer = {{"json_schema", {{"enum", {nullptr}}}}, {"stop", nullptr}};
    EXPECT_EQ(run("complete", answer).text(), "null");
}

TEST_F(RequestConflicts, EverySeedIsOne) {
    const auto texts = [&](int64_t seed, int n) {
        std::set<std::string> all;
        for (int i = 0; i < 3; ++i) {
            const Answer answer = run("complete", {{"seed", seed}, {"temperature", 2}, {"max_tokens", 16}, {"n", n}});
            EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
            all.insert(content_of(answer, static_cast<size_t>(n - 1)));
        }
        return all;
    };
    std::set<std::string> different;
    for (const int64_t seed : {int64_t{0}, int64_t{4294967294}, int64_t{4294967295}}) {
        EXPECT_EQ(texts(seed, 1).size(), 1U) << seed;
        different.merge(texts(seed, 1));
    }
    EXPECT_EQ(different.size(), 3U);
    EXPECT_EQ(texts(4294967294, 2), texts(4294967295, 1)) << "the next choice has the next seed";
    EXPECT_EQ(texts(4294967295, 2), texts(0, 1));
    EXPECT_GT(texts(-1, 1).size(), 1U);
}

} // namespace
