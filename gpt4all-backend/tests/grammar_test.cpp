#include "api_fixture.h"

#include <gmock/gmock.h>

#include <set>

namespace {

using namespace api;

class Grammar : public testing::Test {
  protected:
    TinyLlama model{json{{"n_ctx", 1024}, {"chat_template", "{% for m in messages %}{{ m.content }}\n{% endfor %}"}}};

    /** The answer's JSON; it is to be complete. */
    json value(const json &fields) const {
        json request = chat("Hello", {{"max_tokens", 400}});
        request.update(fields);
        const Answer answer = model.run("chat", request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.text(), content_of(answer));
        EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "stop") << content_of(answer);
        return json::parse(content_of(answer), nullptr, false);
    }
};

std::vector<std::string> keys(const json &object) {
    std::vector<std::string> names;
    for (const auto &[name, value] : object.items()) {
        names.push_back(name);
    }
    return names;
}

const json point = {
    {"type", "object"},
    {"properties",
     {{"zeta", {{"type", "integer"}}},
      {"alpha", {{"enum", {"up", "down"}}}},
      {"mid", {{"type", "array"}, {"items", {{"type", "boolean"}}}, {"minItems", 2}, {"maxItems", 2}}}}},
    {"required", {"zeta", "alpha", "mid"}},
    {"additionalProperties", false}};

void expect_point(const json &value) {
    ASSERT_TRUE(value.is_object()) << value;
    EXPECT_EQ(keys(value), (std::vector<std::string>{"zeta", "alpha", "mid"})) << "the schema's order";
    EXPECT_TRUE(value["zeta"].is_number_integer());
    EXPECT_TRUE(value["alpha"] == "up" || value["alpha"] == "down");
    EXPECT_EQ(value["mid"].size(), 2U);
}

TEST_F(Grammar, JsonSchemaInEveryPlace) {
    expect_point(value({{"json_schema", point}}));
    expect_point(value({{"response_format", {{"type", "json_object"}, {"schema", point}}}}));
    const json named = {{"name", "point"}, {"schema", point}, {"strict", true}};
    expect_point(value({{"response_format", {{"type", "json_schema"}, {"json_schema", named}}}}));
    // random answers too, not only the most probable one
    expect_point(value({{"json_schema", point}, {"temperature", 1.5}, {"seed", 5}}));
}

TEST(GrammarOfChat, ItemsThatMustBeDifferentAreHoweverTokensAreGuessed) {
    const json colours = {{"type", "array"},
                          {"items", {{"enum", {"red", "rose", "blue", "black"}}}},
                          {"uniqueItems", true},
                          {"minItems", 4}};
    const json numbers = {{"type", "array"},
                          {"items", {{"type", "integer"}, {"minimum", 1}, {"maximum", 12}}},
                          {"uniqueItems", true},
                          {"minItems", 12}};
    for (const json &options :
         {json::object(), json{{"speculative", {{"type", "ngram-simple"}, {"ngram_size_n", 2}, {"ngram_size_m", 4}}}},
          json{{"draft", {{"path", model_path("tiny-llama-f32.gguf")}, {"n_max", 4}}}}}) {
        const TinyLlama model(options);
        for (int seed = 1; seed < 5; ++seed) {
            for (const auto &[schema, count] : {std::pair(colours, 4U), std::pair(numbers, 12U)}) {
                const json fields = {{"json_schema", schema}, {"temperature", 2}, {"seed", seed}, {"max_tokens", 600}};
                const Answer answer = model.run("chat", chat("Hello", fields));
                ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
                const json items = json::parse(content_of(answer), nullptr, false);
                ASSERT_TRUE(items.is_array()) << content_of(answer);
                EXPECT_EQ(items.size(), count) << items;
                EXPECT_EQ(std::set<json>(items.begin(), items.end()).size(), count) << items;
            }
        }
    }
}

TEST(GrammarOfChat, FitsATemplateWithASpecialTokenBeforeTheAnswer) {
    const TinyLlama model(json{{"n_ctx", 1024}});
    const Answer answer = model.run("chat", chat("Hello", {{"max_tokens", 400}, {"json_schema", point}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    expect_point(json::parse(content_of(answer), nullptr, false));
}

TEST_F(Grammar, JsonSchemaWithoutATemplate) {
    for (const json &fields :
         {json{{"json_schema", point}}, json{{"response_format", {{"type", "json_object"}, {"schema", point}}}}}) {
        json request = complete("the house is", {{"max_tokens", 400}});
        request.update(fields);
        const Answer answer = model.run("complete", request);
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        expect_point(json::parse(content_of(answer), nullptr, false));
    }
}

TEST_F(Grammar, JsonObject) {
    // A bias for what ends things, since a model of noise would go on for ever.
    json bias = {{"}", 30}, {"\"", 20}};
    const json object = value({{"response_format", {{"type", "json_object"}}}, {"logit_bias", bias}});
    EXPECT_TRUE(object.is_object()) << object;
    const Answer text = model.run("chat", chat("Hello", {{"response_format", {{"type", "text"}}}}));
    EXPECT_TRUE(json::parse(content_of(text), nullptr, false).is_discarded())
        << "the model does not speak JSON of itself";
}

TEST_F(Grammar, GbnfIsFollowed) {
    const Answer answer =
        model.run("complete", complete("x", {{"grammar", "root ::= (\"yes\" | \"no\") \" \" [0-9]{3}"}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_THAT(content_of(answer), testing::MatchesRegex("(yes|no) [0-9][0-9][0-9]"));
    EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(answer.text(), content_of(answer));
}

TEST_F(Grammar, EveryChoiceFollowsIt) {
    const json fields = {{"grammar", "root ::= [a-f]{6}"}, {"n", 6}, {"temperature", 2}, {"seed", 1}};
    const Answer answer = model.run("complete", complete("x", fields));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    for (size_t i = 0; i < 6; ++i) {
        EXPECT_THAT(content_of(answer, i), testing::MatchesRegex("[a-f][a-f][a-f][a-f][a-f][a-f]"));
    }
}

TEST_F(Grammar, ASchemaAndAGrammarAreTooMuch) {
    const Answer answer = model.run("complete", complete("x", {{"grammar", "root ::= \"a\""}, {"json_schema", point}}));
    EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << answer.failure.message;
}

TEST_F(Grammar, DefinitionsMayReferToThemselves) {
    const json tree = {{"$ref", "#/$defs/node"},
                       {"$defs",
                        {{"node",
                          {{"type", "object"},
                           {"properties", {{"v", {{"type", "boolean"}}}, {"next", {{"$ref", "#/$defs/node"}}}}},
                           {"required", {"v"}},
                           {"additionalProperties", false}}}}}};
    const json made = value({{"json_schema", tree}, {"logit_bias", {{"}", 30}}}});
    EXPECT_TRUE(made.is_object() && made.contains("v")) << made;
}

} // namespace
