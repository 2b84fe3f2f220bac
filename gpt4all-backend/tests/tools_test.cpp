#include "api_fixture.h"

#include <gmock/gmock.h>

#include <map>

namespace {

using namespace api;

/** Describes tools, and writes calls as Hermes models do. */
const std::string with_tools =
    "{% if tools %}tools:{% for t in tools %} {{ t.function | tojson }}{% endfor %}\n{% endif %}"
    "{% for m in messages %}{{ m.role }}: {{ m.content if m.content else '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", "
    "\"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n{% endfor %}";

json tool(const std::string &name) {
    const json parameters = {{"type", "object"},
                             {"properties", {{"place", {{"enum", {"Paris", "Rome"}}}}, {"days", {{"enum", {1, 2}}}}}},
                             {"required", {"place", "days"}},
                             {"additionalProperties", false}};
    return {{"type", "function"},
            {"function", {{"name", name}, {"description", "The weather."}, {"parameters", parameters}}}};
}

/** The calls that the events add up to, by their place. */
std::map<int, json> joined(const Answer &answer) {
    std::map<int, json> calls;
    for (const Event &event : answer.events) {
        if (event.kind == LLMODEL_EVENT_TOOL_CALL) {
            const json piece = json::parse(event.data);
            const int index = piece["index"].get<int>();
            if (!calls.contains(index)) {
                calls[index] = {{"id", ""}, {"name", ""}, {"arguments", ""}};
            }
            const json function = piece.value("function", json::object());
            calls[index]["id"] = calls[index]["id"].get<std::string>() + piece.value("id", "");
            calls[index]["name"] = calls[index]["name"].get<std::string>() + function.value("name", "");
            calls[index]["arguments"] = calls[index]["arguments"].get<std::string>() + function.value("arguments", "");
        }
    }
    return calls;
}

void expect_call(const Answer &answer, const std::string &name) {
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const json &choice = answer.result["choices"][0];
    const bool cut = choice["finish_reason"] == "length"; // a weak model goes on calling until it is stopped
    ASSERT_TRUE(cut || choice["finish_reason"] == "tool_calls") << choice;
    const json &calls = choice["message"]["tool_calls"];
    const std::map<int, json> pieces = joined(answer);
    const size_t whole = calls.size() - (cut && !calls.empty() ? 1 : 0);
    ASSERT_GE(whole, 1U) << choice;
    EXPECT_EQ(pieces.size(), calls.size());
    for (size_t i = 0; i < whole; ++i) {
        EXPECT_EQ(calls[i]["function"]["name"], name);
        const json arguments = json::parse(calls[i]["function"]["arguments"].get<std::string>(), nullptr, false);
        ASSERT_TRUE(arguments.is_object()) << calls[i];
        EXPECT_TRUE(arguments["place"] == "Paris" || arguments["place"] == "Rome") << arguments;
        EXPECT_TRUE(arguments["days"] == 1 || arguments["days"] == 2) << arguments;
        const json &piece = pieces.at(static_cast<int>(i));
        EXPECT_EQ(piece["name"], name);
        EXPECT_EQ(piece["id"], calls[i]["id"]);
        EXPECT_EQ(piece["arguments"], calls[i]["function"]["arguments"]);
        EXPECT_FALSE(piece["id"].get<std::string>().empty());
    }
    EXPECT_EQ(answer.text(), choice["message"]["content"].is_null() ? "" : content_of(answer));
}

void expect_one_call(const Answer &answer, const std::string &name) {
    expect_call(answer, name);
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const json &choice = answer.result["choices"][0];
    EXPECT_EQ(choice["finish_reason"], "tool_calls") << choice;
    EXPECT_EQ(choice["message"]["tool_calls"].size(), 1U) << choice;
}

class Tools : public testing::Test {
  protected:
    TinyLlama model{json{{"n_ctx", 2048}, {"chat_template", with_tools}}};
    json fields = {{"tools", {tool("weather"), tool("forecast")}}, {"max_tokens", 200}};

    Answer ask(const json &more) const {
        json request = chat("How is the weather in Paris?", fields);
        request.update(more);
        return model.run("chat", request);
    }
};

TEST_F(Tools, TheOneThatIsNamedIsCalled) {
    for (const char *name : {"weather", "forecast"}) {
        const json choice = {{"type", "function"}, {"function", {{"name", name}}}};
        expect_one_call(ask({{"tool_choice", choice}, {"parallel_tool_calls", false}}), name);
    }
    const json unknown = {{"type", "function"}, {"function", {{"name", "nonsense"}}}};
    EXPECT_EQ(ask({{"tool_choice", unknown}}).status(), LLMODEL_INVALID_ARGUMENT);
}

TEST_F(Tools, RequiredMakesACall) {
    fields["tools"] = json::array({tool("weather")});
    expect_call(ask({{"tool_choice", "required"}}), "weather");
    expect_one_call(ask({{"tool_choice", "required"}, {"parallel_tool_calls", false}}), "weather");
    expect_one_call(
        ask({{"tool_choice", "required"}, {"parallel_tool_calls", false}, {"temperature", 1.5}, {"seed", 9}}),
        "weather");
}

TEST_F(Tools, NoneMakesNone) {
    const Answer answer = ask({{"tool_choice", "none"}, {"max_tokens", 30}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_FALSE(answer.result["choices"][0]["message"].contains("tool_calls"));
    EXPECT_EQ(answer.text(), content_of(answer));
}

TEST_F(Tools, WithoutStreamTheResultHasTheCall) {
    const Answer answer = ask({{"tool_choice", "required"}, {"parallel_tool_calls", false}, {"stream", false}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_TRUE(joined(answer).empty());
    EXPECT_GE(answer.result["choices"][0]["message"].value("tool_calls", json::array()).size(), 1U);
}

/** Wherever the limit falls, the request succeeds, and the events are the beginning of what the result says. */
TEST_F(Tools, ACallCutShortIsNoFailure) {
    fields["tools"] = json::array({tool("weather")});
    for (int tokens = 1; tokens <= 40; tokens += 3) {
        const Answer answer = ask({{"tool_choice", "required"}, {"max_tokens", tokens}});
        ASSERT_EQ(answer.status(), LLMODEL_OK) << tokens << ": " << answer.failure.message;
        const json &choice = answer.result["choices"][0];
        if (answer.result["usage"]["completion_tokens"] == tokens) {
            EXPECT_EQ(choice["finish_reason"], "length") << choice;
        }
        const json calls = choice["message"].value("tool_calls", json::array());
        const std::map<int, json> pieces = joined(answer);
        EXPECT_EQ(pieces.size(), calls.size()) << tokens;
        for (const auto &[index, piece] : pieces) {
            EXPECT_EQ(piece["arguments"], calls[static_cast<size_t>(index)]["function"]["arguments"]) << tokens;
        }
    }
}

TEST_F(Tools, LogprobsBesideACall) {
    const Answer answer = ask({{"tool_choice", "required"}, {"logprobs", true}, {"top_logprobs", 1}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["choices"][0]["logprobs"]["content"].size(), answer.result["usage"]["completion_tokens"]);
}

TEST_F(Tools, AnAnswerOfATool) {
    json request = chat("How is the weather in Paris?", {{"tools", json::array({tool("weather")})}, {"max_tokens", 8}});
    const json call = {{"id", "call_1"},
                       {"type", "function"},
                       {"function", {{"name", "weather"}, {"arguments", "{\"place\":\"Paris\",\"days\":1}"}}}};
    request["messages"].push_back({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", {call}}});
    request["messages"].push_back(
        {{"role", "tool"}, {"tool_call_id", "call_1"}, {"content", "It is sunny, 24 degrees."}});
    const Answer answer = model.run("chat", request);
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
}

TEST_F(Tools, AGrammarBesideToolsIsRefused) {
    const Answer answer = ask({{"grammar", "root ::= \"a\""}});
    EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << answer.failure.message;
}

/** A tool whose parameters are `properties`, all of them required. */
json tool_of(const std::string &name, const json &properties) {
    json made = tool(name);
    json required = json::array();
    for (const auto &[key, schema] : properties.items()) {
        required.push_back(key);
    }
    made["function"]["parameters"] = {
        {"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
    return made;
}

TEST_F(Tools, ArgumentsKeepTheirSchemasToTheLetter) {
    const json properties = {
        {"share", {{"type", "number"}, {"minimum", 0}, {"maximum", 1}}},
        {"step", {{"type", "integer"}, {"minimum", 0}, {"maximum", 99}, {"multipleOf", 5}}},
        {"code", {{"type", "string"}, {"pattern", "^\\d{4}$"}}},
        {"a~/b", {{"allOf", {{{"enum", {1, 2}}}, {{"enum", {2, 3}}}}}}},
        {"tags", {{"type", "array"}, {"items", {{"enum", {"a", "b"}}}}, {"uniqueItems", true}, {"minItems", 2}}}};
    for (int seed = 0; seed < 10; ++seed) {
        const json wanted = {{"tools", {tool_of("f", properties)}}, {"tool_choice", "required"}, {"temperature", 1.5},
                             {"parallel_tool_calls", false},        {"max_tokens", 300},         {"seed", seed}};
        const Answer answer = model.run("chat", chat("Hello", wanted));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json &choice = answer.result["choices"][0];
        ASSERT_EQ(choice["finish_reason"], "tool_calls") << choice;
        const json arguments =
            json::parse(choice["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>());
        EXPECT_GE(arguments.at("share"), 0) << arguments;
        EXPECT_LE(arguments.at("share"), 1) << arguments;
        EXPECT_EQ(arguments.at("step").get<int>() % 5, 0) << arguments;
        EXPECT_THAT(arguments.at("code").get<std::string>(), testing::MatchesRegex("[0-9][0-9][0-9][0-9]"));
        EXPECT_EQ(arguments.at("a~/b"), 2) << arguments;
        EXPECT_NE(arguments.at("tags").at(0), arguments.at("tags").at(1)) << arguments;
    }
}

TEST_F(Tools, AResponseFormatBesideToolsKeepsItsSchema) {
    const json schema = {{"type", "object"},
                         {"properties", {{"v", {{"type", "number"}, {"exclusiveMinimum", 3}, {"maximum", 4}}}}},
                         {"required", {"v"}}};
    for (int seed = 0; seed < 5; ++seed) {
        const json wanted = {{"tools", {tool("f")}}, {"json_schema", schema}, {"max_tokens", 200}, {"seed", seed}};
        const Answer answer = model.run("chat", chat("Hello", wanted));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json value = json::parse(content_of(answer), nullptr, false);
        ASSERT_TRUE(value.is_object()) << content_of(answer);
        EXPECT_GT(value.at("v"), 3);
        EXPECT_LE(value.at("v"), 4);
    }
}

TEST_F(Tools, WhatCannotBeHonouredIsToldOfTheTool) {
    const std::pair<json, const char *> wrong[] = {
        {{{"type", "str"}}, "type"},
        {{{"type", "string"}, {"minLength", 3}, {"maxLength", 2}}, "maxLength"},
        {{{"type", "array"}, {"items", {{"$ref", "#/$defs/X"}, {"$defs", {{"X", {{"enum", {1}}}}}}}}}, "$ref"},
        {{{"type", "array"}, {"items", {{"const", 1}}}, {"minItems", 2}, {"uniqueItems", true}}, "uniqueItems"},
        {{{"not", {{"uniqueItems", true}}}}, "uniqueItems"},
    };
    for (const auto &[schema, keyword] : wrong) {
        for (const char *choice : {"auto", "required"}) {
            const json wanted = {{"tools", {tool("good"), tool_of("culprit", {{"d", schema}})}},
                                 {"tool_choice", choice}};
            const Answer answer = model.run("chat", chat("Hello", wanted));
            EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR) << answer.failure.message;
            EXPECT_THAT(answer.failure.message, testing::HasSubstr("\"culprit\""));
            const json &detail = answer.failure.detail;
            EXPECT_EQ(detail.value("tool", ""), "culprit");
            EXPECT_THAT(detail.value("path", ""), testing::StartsWith("/tools/1/function/parameters/properties/d"));
            EXPECT_EQ(detail.value("keyword", ""), keyword) << detail;
        }
    }
    const json unlimited = tool_of("f", {{"a", true}, {"b", {{"$ref", "#/properties/a"}}}, {"c", {{"pattern", "^x"}}}});
    EXPECT_EQ(model.run("chat", chat("Hello", {{"tools", {unlimited}}, {"max_tokens", 2}})).status(), LLMODEL_OK);
}

TEST(RealTools, RequiredMakesACall) {
    if (sanitized) {
        GTEST_SKIP() << "with a sanitizer the real model takes 20 seconds, where a tiny one goes the same ways";
    }
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the real model is not here: run `make model` or set GPT4ALL_TEST_MODEL";
    }
    const Model model(*path, {{"n_ctx", 2048}, {"n_parallel", 1}, {"chat_template", with_tools}});
    expect_call(
        model.run("chat",
                  chat("How is the weather in Paris tomorrow?",
                       {{"tools", json::array({tool("weather")})}, {"tool_choice", "required"}, {"max_tokens", 200}})),
        "weather");
}

} // namespace
