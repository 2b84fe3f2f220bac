#include "api_fixture.h"

/** A call that is required follows a grammar that begins with what the template puts before the answer. The tiny
 * LLaMA's tokenizer is SentencePiece, whose tokens do not spell that: they have a space before the first word. */
namespace {

using namespace api;

const std::string tool_calls = "{% for c in m.tool_calls or [] %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", "
                               "\"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}";

/** With `marker` before each message and before the answer; it has the place of a role. */
std::string template_of(const std::string &marker) {
    const auto of_role = [&marker](const std::string &role) {
        std::string text = marker;
        return text.replace(text.find("ROLE"), 4, role);
    };
    return "{% if tools %}tools:{% for t in tools %} {{ t.function | tojson }}{% endfor %}\n{% endif %}"
           "{% for m in messages %}" +
           of_role("{{ m.role }}") + "{{ m.content if m.content else '' }}" + tool_calls + "\n{% endfor %}" +
           "{% if add_generation_prompt %}" + of_role("assistant") + "{% endif %}";
}

class GenerationPrompt : public testing::TestWithParam<const char *> {};

TEST_P(GenerationPrompt, ARequiredCallIsMade) {
    const TinyLlama model(json{{"n_ctx", 2048}, {"chat_template", template_of(GetParam())}});
    const json parameters = {{"type", "object"},
                             {"properties", {{"place", {{"enum", {"Paris", "Rome"}}}}}},
                             {"required", {"place"}},
                             {"additionalProperties", false}};
    const json tool = {{"type", "function"}, {"function", {{"name", "weather"}, {"parameters", parameters}}}};
    const Answer answer = model.run("chat", chat("How is the weather in Paris?", {{"tools", json::array({tool})},
                                                                                  {"tool_choice", "required"},
                                                                                  {"parallel_tool_calls", false},
                                                                                  {"max_tokens", 200}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    const json &message = answer.result["choices"][0]["message"];
    ASSERT_GE(message.value("tool_calls", json::array()).size(), 1U) << message;
    const json &function = message["tool_calls"][0]["function"];
    EXPECT_EQ(function["name"], "weather");
    const std::string place = json::parse(function["arguments"].get<std::string>())["place"];
    EXPECT_TRUE(place == "Paris" || place == "Rome") << place;
}

INSTANTIATE_TEST_SUITE_P(Markers, GenerationPrompt,
                         testing::Values("<|ROLE|>\n", "ROLE: ", "### ROLE:\n", "</s>ROLE\n", "«ROLE» "),
                         [](const auto &test) { return "Marker" + std::to_string(test.index); });

} // namespace
