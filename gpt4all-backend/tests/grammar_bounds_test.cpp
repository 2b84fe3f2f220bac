#include "api_fixture.h"

#include <gmock/gmock.h>

#include <string>

namespace {

using namespace api;

constexpr const char *template_with_calls =
    "{% for t in tools or [] %}{{ t | tojson }}\n{% endfor %}{% for m in messages %}{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", "
    "\"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n{% endfor %}";

class GrammarBounds : public testing::Test {
  protected:
    TinyLlama model{json{{"n_ctx", 1024}, {"chat_template", template_with_calls}}};

    Answer run(const std::string &operation, const json &fields) const {
        json request = operation == "chat" ? chat("Hello", {{"max_tokens", 40}}) : complete("x", {{"max_tokens", 40}});
        request.update(fields);
        return model.run(operation.c_str(), request);
    }

    void expect_refused(const std::string &operation, const json &fields, const std::string &reason) const {
        const Answer answer = run(operation, fields);
        EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR) << fields << answer.failure.message;
        EXPECT_THAT(answer.failure.message, testing::HasSubstr(reason));
    }
};

json required_call(const json &parameters) {
    return {{"tools",
             {{{"type", "function"},
               {"function",
                {{"name", "f"},
                 {"parameters",
                  {{"type", "object"}, {"properties", {{"s", parameters}}}, {"required", json::array({"s"})}}}}}}}},
            {"tool_choice", "required"}};
}

TEST_F(GrammarBounds, AGrammarThatContradictsItself) {
    for (const char *operation : {"chat", "complete"}) {
        expect_refused(operation, {{"grammar", "root ::= \"a\"{3,2}"}}, "at least 3 and at most 2");
        expect_refused(
            operation,
            {{"response_format",
              {{"type", "json_schema"}, {"json_schema", {{"schema", {{"type", "string"}, {"pattern", "^a{3,2}$"}}}}}}}},
            "3");
    }
}

TEST_F(GrammarBounds, ASchemaThatContradictsItselfNamesThePlace) {
    for (const json &parameters : {json{{"type", "string"}, {"minLength", 3}, {"maxLength", 2}},
                                   json{{"type", "array"}, {"items", {{"const", 1}}}, {"minItems", 9}, {"maxItems", 1}},
                                   json{{"type", "integer"}, {"minimum", 1700000000000000}, {"maximum", 5}}}) {
        const Answer answer = run("chat", required_call(parameters));
        EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR) << answer.failure.message;
        EXPECT_EQ(answer.failure.detail["path"], "/tools/0/function/parameters/properties/s") << answer.failure.message;
    }
}

TEST_F(GrammarBounds, IntegersOfSixteenDigitsInTools) {
    for (const json &bound : {json{{"minimum", 1700000000000000}}, json{{"maximum", -1700000000000000}},
                              json{{"minimum", 4000000000000000000}}, json{{"minimum", 1700000000000}}}) {
        json parameters = {{"type", "integer"}};
        parameters.update(bound);
        const Answer answer = run("chat", required_call(parameters));
        EXPECT_EQ(answer.status(), LLMODEL_OK) << bound << answer.failure.message;
    }
}

TEST_F(GrammarBounds, WhatTurnsIntoTooMuchIsRefused) {
    std::string many = "root ::=";
    for (int i = 0; i < 10; ++i) {
        many += " \"a\"{0,16000000}";
    }
    expect_refused("complete", {{"grammar", many}}, "1048576 elements");
    expect_refused("complete", {{"grammar", "root ::= s root s | \"1\"\ns ::= \" \"*"}},
                   "\"root\" may begin with itself");
    expect_refused("complete", {{"grammar", "root ::= () * \"b\""}}, "a repetition of something that may be empty");
    expect_refused("complete", {{"grammar", "root ::= x \"c\"\nx ::= () x | \"b\""}}, "\"x\" may begin with itself");
    expect_refused("complete", {{"grammar", "root ::= \"a\"{99999999999999999999}"}}, "repetitions is too large");
    expect_refused("complete", {{"grammar", "root ::= <[99999999]>"}}, "token 99999999");
    expect_refused("complete", {{"grammar", std::string("root ::= \"a\"") + '\0' + " and more"}}, "NUL");
    expect_refused("complete", {{"grammar", "root ::= \"a\" " + std::string(5000, '$')}}, "$ ...");
}

TEST_F(GrammarBounds, ManyWaysToReadTheAnswerEndIt) {
    const json ambiguous = {{"grammar", "root ::= x\nx ::= \"a\" x \"b\" | \"a\" x \"c\" | \"a\"{200}"}};
    if (!sanitized) { // which takes ten seconds for either, and both find it at the same place
        expect_refused("chat", ambiguous, "too many ways");
    }
    expect_refused("complete", ambiguous, "too many ways");
    EXPECT_EQ(run("complete", {{"grammar", "root ::= \"a\"{5}"}}).text(), "aaaaa") << "the engine goes on";
}

TEST_F(GrammarBounds, WithoutATokenToGoOnItIsTheGrammarThatIsToBlame) {
    expect_refused("complete", {{"grammar", "root ::= \"a\""}, {"ignore_eos", true}}, "ignore_eos");
}

TEST_F(GrammarBounds, LongRepetitionsAreHeeded) {
    const Answer answer = run("complete", {{"grammar", "root ::= \"a\"{2500,2501}"}, {"max_tokens", 900}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.text().find_first_not_of('a'), std::string::npos);
    const Answer shorter = run("complete", {{"grammar", "root ::= \"a\"{130,131} \"b\""}, {"max_tokens", 300}});
    ASSERT_EQ(shorter.status(), LLMODEL_OK) << shorter.failure.message;
    EXPECT_THAT(shorter.text(), testing::MatchesRegex("a+b"));
    EXPECT_TRUE(shorter.text().size() == 131 || shorter.text().size() == 132) << shorter.text();
}

} // namespace
