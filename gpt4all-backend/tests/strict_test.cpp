#include "api_fixture.h"

#include <gmock/gmock.h>

namespace {

using namespace api;

constexpr const char *plain_template = "{% for m in messages %}{{ m.content }}\n{% endfor %}";
constexpr const char *with_tools =
    "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}{% for m in messages %}{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", "
    "\"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n{% endfor %}";

/** A grammar can look for the items of one "contains" only. */
const json unsayable = {{"type", "array"},
                        {"minItems", 2},
                        {"maxItems", 2},
                        {"items", {{"type", "integer"}, {"minimum", 0}, {"maximum", 9}}},
                        {"contains", {{"const", 3}}},
                        {"allOf", {{{"contains", {{"const", 4}}}}}}};

class Strict : public testing::Test {
  protected:
    TinyLlama model{json{{"n_ctx", 1024}, {"chat_template", plain_template}}};

    json choice(const json &fields, const std::string &operation = "chat") const {
        json request =
            operation == "chat" ? chat("Hello", {{"max_tokens", 100}}) : complete("x", {{"max_tokens", 100}});
        request.update(fields);
        const Answer answer = model.run(operation.c_str(), request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        return answer.result["choices"][0];
    }
};

TEST_F(Strict, ASchemaThatNoGrammarSaysIsRefused) {
    const Answer answer = model.run("chat", chat("Hello", {{"json_schema", unsayable}, {"strict", true}}));
    EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR);
    EXPECT_EQ(answer.failure.detail["keyword"], "contains");
}

TEST_F(Strict, OrTakenAndTheAnswerChecked) {
    const json named = {{"name", "pair"}, {"schema", unsayable}, {"strict", false}};
    const json forms[] = {{{"json_schema", unsayable}, {"strict", false}},
                          {{"response_format", {{"type", "json_schema"}, {"json_schema", named}}}},
                          {{"response_format", {{"type", "json_object"}, {"schema", unsayable}}}, {"strict", false}}};
    for (const json &form : forms) {
        for (const char *operation : {"chat", "complete"}) {
            const json made = choice(form, operation);
            const json text = made.contains("text") ? made["text"] : made["message"]["content"];
            const json value = json::parse(text.get<std::string>());
            ASSERT_EQ(value.size(), 2U) << "what a grammar can say of it holds";
            const bool valid = (value[0] == 3 && value[1] == 4) || (value[0] == 4 && value[1] == 3);
            EXPECT_EQ(made.at("valid"), valid) << made;
            EXPECT_EQ(made.contains("invalid"), !valid);
            if (!valid) {
                EXPECT_EQ(made["invalid"]["keyword"], "contains");
                EXPECT_EQ(made["invalid"]["pointer"], "");
            }
        }
    }
}

TEST_F(Strict, WhatAGrammarSaysIsValid) {
    const json schema = {{"type", "object"}, {"properties", {{"a", {{"type", "boolean"}}}}}, {"required", {"a"}}};
    const json made = choice({{"json_schema", schema}, {"strict", false}});
    EXPECT_EQ(made.at("valid"), true);
    EXPECT_FALSE(made.contains("invalid"));
    EXPECT_FALSE(choice({{"json_schema", schema}}).contains("valid"));
}

TEST_F(Strict, ASchemaMayBeDeep) {
    json schema = {{"type", "boolean"}};
    for (int level = 0; level < 30; ++level) {
        schema = {{"type", "object"}, {"properties", {{"a", schema}}}, {"required", {"a"}}};
    }
    const json made = choice({{"max_tokens", 500}, {"json_schema", schema}});
    json value = json::parse(made["message"]["content"].get<std::string>());
    for (int level = 0; level < 30; ++level) {
        ASSERT_EQ(value.size(), 1U);
        value = json(value.at("a"));
    }
    EXPECT_TRUE(value.is_boolean()) << made;
}

TEST_F(Strict, AnAnswerThatWasCutIsNotValid) {
    const json made = choice({{"json_schema", unsayable}, {"strict", false}, {"max_tokens", 1}});
    EXPECT_EQ(made.at("valid"), false);
    EXPECT_THAT(made.at("invalid").at("message").get<std::string>(), testing::HasSubstr("cut short"));
}

TEST_F(Strict, MistakesAreRefusedEvenSo) {
    const std::pair<json, const char *> schemas[] = {
        {{{"minimum", 5}, {"maximum", 1}, {"type", "integer"}}, "maximum"},
        {{{"type", "string"}, {"maxLenght", 1}}, "maxLenght"},
        {{{"not", {{"type", "text"}}}}, "type"},
        {{{"$ref", "https://example.com/schema"}}, "$ref"},
        {{{"type", "string"}, {"pattern", "\\p{Letter}"}}, "pattern"},
    };
    for (const auto &[schema, keyword] : schemas) {
        const Answer answer = model.run("chat", chat("Hello", {{"json_schema", schema}, {"strict", false}}));
        EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR) << schema;
        EXPECT_EQ(answer.failure.detail.value("keyword", ""), keyword) << answer.failure.message;
    }
}

TEST_F(Strict, SaidWithoutASchemaOrTwiceItIsRefused) {
    const json named = {{"name", "x"}, {"schema", {{"type", "null"}}}, {"strict", true}};
    const json requests[] = {
        {{"strict", false}},
        {{"strict", false}, {"response_format", {{"type", "text"}}}},
        {{"strict", false}, {"response_format", {{"type", "json_schema"}, {"json_schema", named}}}}};
    for (const json &fields : requests) {
        const Answer answer = model.run("chat", chat("Hello", fields));
        EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << fields;
        EXPECT_EQ(answer.failure.detail.value("path", ""), "/strict");
    }
}

TEST(StrictTools, ArgumentsAreCheckedInstead) {
    const TinyLlama model(json{{"n_ctx", 1024}, {"chat_template", with_tools}});
    const json parameters = {{"type", "object"}, {"properties", {{"pair", unsayable}}}, {"required", {"pair"}}};
    const auto tools = [&](bool strict) {
        const json function = {{"name", "f"}, {"parameters", parameters}, {"strict", strict}};
        return json{{"tools", json::array({{{"type", "function"}, {"function", function}}})},
                    {"tool_choice", "required"},
                    {"parallel_tool_calls", false},
                    {"max_tokens", 200}};
    };
    const Answer refused = model.run("chat", chat("Hello", tools(true)));
    EXPECT_EQ(refused.status(), LLMODEL_GRAMMAR_ERROR);

    const Answer answer = model.run("chat", chat("Hello", tools(false)));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const json made = answer.result["choices"][0];
    ASSERT_EQ(made["finish_reason"], "tool_calls") << made;
    const json called = json::parse(made["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>());
    ASSERT_EQ(called["pair"].size(), 2U);
    ASSERT_TRUE(made.contains("valid"));
    if (made["valid"] == false) {
        EXPECT_EQ(made["invalid"]["pointer"], "/pair");
        EXPECT_EQ(made["invalid"]["schema_pointer"].get<std::string>().rfind("/properties/pair", 0), 0U);
        EXPECT_EQ(made["invalid"]["tool_call"], 0);
    }
}

} // namespace
