#include "api_fixture.h"

#include <gmock/gmock.h>

/** What templates print and reckon, which is to be as in Python; the lane `renderings` compares far more of it. */
namespace {

using namespace api;

struct Expression {
    const char *source;
    const char *value;
};

class TemplateValue : public testing::TestWithParam<Expression> {};

TEST_P(TemplateValue, IsAsInPython) {
    const std::string shown = std::string("{% if false %}{{ messages }}{% endif %}{{ ") + GetParam().source + " }}";
    const TinyLlama model(json{{"chat_template", shown}});
    const Answer answer = model.run("apply_template", {{"messages", chat("é日🙂 x")["messages"]}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << GetParam().source << ": " << answer.failure.message;
    EXPECT_EQ(answer.result["prompt"], GetParam().value) << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(Numbers, TemplateValue,
                         testing::Values(Expression{"48.856614123", "48.856614123"}, Expression{"2.0|tojson", "2.0"},
                                         Expression{"1e22", "1e+22"},
                                         Expression{"9007199254740993 + 1", "9007199254740994"},
                                         Expression{"-7 // 2", "-4"}, Expression{"-7 % 3", "2"},
                                         Expression{"5e-324", "5e-324"},
                                         Expression{"9223372036854775807 > 9223372036854775806", "True"}));

INSTANTIATE_TEST_SUITE_P(Printed, TemplateValue,
                         testing::Values(Expression{"none", "None"}, Expression{"true", "True"},
                                         Expression{"['a', 1.0, none]", "['a', 1.0, None]"},
                                         Expression{"{'k': 'it\"s'}", "{'k': 'it\"s'}"},
                                         Expression{"('it\\'s',)", "(\"it's\",)"},
                                         Expression{"['\\n\\x00\\u200b']", "['\\n\\x00\\u200b']"},
                                         Expression{"none ~ '!'", "None!"}));

INSTANTIATE_TEST_SUITE_P(Strings, TemplateValue,
                         testing::Values(Expression{"messages[0].content|length", "5"},
                                         Expression{"messages[0].content[1:3]", "日🙂"},
                                         Expression{"(messages[0].content ~ '')[-3]", "🙂"},
                                         Expression{"messages[0].content|upper", "É日🙂 X"},
                                         Expression{"'\\u3000ß\\u3000'|trim|upper", "SS"},
                                         Expression{"' a  b c '.split(none, 1)", "['a', 'b c ']"}));

INSTANTIATE_TEST_SUITE_P(Filters, TemplateValue,
                         testing::Values(Expression{"['a'] in [['a'], 'b']", "True"},
                                         Expression{"[{'a': 1}, {}]|selectattr('a', 'defined')|list", "[{'a': 1}]"},
                                         Expression{"['a', 'b']|map('upper')|join(', ')", "A, B"},
                                         Expression{"none|default('x')", "None"},
                                         Expression{"'%s, %d'|format('x', 3)", "x, 3"}, Expression{"3 is eq 3", "True"},
                                         Expression{"{'b': 1, 'A': 2}|dictsort", "[('A', 2), ('b', 1)]"},
                                         Expression{"{'length': 7}.length", "7"}));

/** Numbers of any size, in tools and in calls, whose arguments are given as text or as an object. */
TEST(TemplateNumbers, KeepTheirDigits) {
    const std::string number = "123456789012345678901234567890.12345678901234567890";
    const TinyLlama model(
        json{{"chat_template",
              "{% for t in tools %}{{ t.function | tojson }}{% endfor %}{% for m in messages %}{{ m.content }}"
              "{% for c in m.tool_calls or [] %}{{ c.function.name }}{{ c.function.arguments | tojson }}{% endfor %}"
              "{% endfor %}{{ extra }}"}});
    for (const std::string &arguments : {"{\"n\": " + number + "}", R"("{\"n\": )" + number + "}\""}) {
        const std::string request =
            R"({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": [)"
            R"({"type": "function", "id": "1", "function": {"name": "f", "arguments": )" +
            arguments +
            R"(}}]}], "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", )"
            R"("properties": {"n": {"type": "number", "maximum": )" +
            number + R"(}}}}}], "chat_template_kwargs": {"extra": )" + number + "}}";
        llmodel_task *task = nullptr;
        ASSERT_EQ(llmodel_submit(model.get(), "apply_template", request.c_str(), &task, nullptr), LLMODEL_OK);
        const Answer answer = Task(task, "apply_template").finish();
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const std::string prompt = answer.result["prompt"];
        EXPECT_THAT(prompt, testing::HasSubstr("\"maximum\": " + number + "}"));
        EXPECT_THAT(prompt, testing::HasSubstr("f{\"n\": " + number + "}"));
        EXPECT_THAT(prompt, testing::EndsWith(number));
    }
}

/** Whose request does not say is the template's to say. */
TEST(TemplateThinking, IsAsTheTemplateHasIt) {
    const TinyLlama model(
        json{{"chat_template", "{{ messages[0].content }}{{ enable_thinking | default('unsaid') }}"}});
    const json messages = chat("x")["messages"];
    const auto prompt = [&](json more) {
        more["messages"] = messages;
        return model.run("apply_template", more).result["prompt"];
    };
    EXPECT_EQ(prompt(json::object()), "xunsaid");
    EXPECT_EQ(prompt({{"chat_template_kwargs", {{"enable_thinking", true}}}}), "xTrue");
    EXPECT_EQ(prompt({{"chat_template_kwargs", {{"enable_thinking", false}}}}), "xFalse");
    EXPECT_EQ(prompt({{"reasoning_effort", "none"}}), "xFalse");
}

TEST(TemplateGenerationPrompt, IsFalseRatherThanLeftOut) {
    const TinyLlama model(json{{"chat_template", "{{ messages[0].content }}{{ add_generation_prompt }}"}});
    const json messages = chat("x")["messages"];
    EXPECT_EQ(model.run("apply_template", {{"messages", messages}, {"add_generation_prompt", false}}).result["prompt"],
              "xFalse");
}

/** One that wants more than a question, such as variables of its own. */
TEST(TemplateThatRefusesAQuestion, CanBeOpened) {
    const TinyLlama model(json{{"chat_template", "{{ messages[0].content ~ raise_exception('no') if not mine }}"
                                                 "{{ messages[0].content ~ mine }}"}});
    const json messages = chat("x")["messages"];
    EXPECT_EQ(model.run("apply_template", {{"messages", messages}}).status(), LLMODEL_TEMPLATE_ERROR);
    const json request = {{"messages", messages}, {"chat_template_kwargs", {{"mine", 1}}}};
    EXPECT_EQ(model.run("apply_template", request).result["prompt"], "x1");
}

/** Llama.cpp's options are not to be had. */
TEST(TemplateThatCannotBeParsed, NamesOurOptions) {
    const Failure failure = refuse(model_path("tiny-llama-f32.gguf"), {{"chat_template", "{{ messages {% if %}"}});
    EXPECT_EQ(failure.status, LLMODEL_TEMPLATE_ERROR);
    EXPECT_THAT(failure.message, testing::Not(testing::HasSubstr("jinja via")));
    EXPECT_THAT(failure.message, testing::Not(testing::HasSubstr("--")));
    EXPECT_THAT(failure.message, testing::HasSubstr("chat_template"));
}

} // namespace
