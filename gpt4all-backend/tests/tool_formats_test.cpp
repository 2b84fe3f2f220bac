#include "api_fixture.h"

#include <gmock/gmock.h>

namespace {

using namespace api;

/** Writes each argument between tags of its own, as Qwen3-Coder does. */
const std::string tagged =
    "{% for t in tools or [] %}{{ t.function | tojson }}{% endfor %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n<function={{ c.function.name }}>\n"
    "{% for k, v in c.function.arguments.items() %}<parameter={{ k }}>\n{{ v }}\n</parameter>\n{% endfor %}"
    "</function>\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/** Shows tools, and has no way to write a call. */
const std::string without_calls = "{% for t in tools or [] %}{{ t.function | tojson }}{% endfor %}"
                                  "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";

/** Writes calls that nothing marks, as Llama 3 does. */
const std::string unmarked =
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}"
    "<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{% if m.tool_calls %}{% set c = m.tool_calls[0].function %}"
    "{\"name\": \"{{ c.name }}\", \"parameters\": {{ c.arguments | tojson }}}"
    "{% else %}{{ m.content }}{% endif %}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}";

json tool(const json &properties, const json &required, const json &more = json::object()) {
    json parameters = {{"type", "object"}, {"properties", properties}, {"required", required}};
    parameters.update(more);
    return {{"type", "function"}, {"function", {{"name", "f"}, {"description", "d"}, {"parameters", parameters}}}};
}

json required(const json &tool) {
    return {{"tools", {tool}},
            {"tool_choice", "required"},
            {"parallel_tool_calls", false},
            {"temperature", 1.5},
            {"max_tokens", 400}};
}

TEST(ToolFormats, TextsBetweenTagsKeepTheirSchemas) {
    const TinyLlama model{{{"n_ctx", 2048}, {"chat_template", tagged}}};
    const json properties = {
        {"unit", {{"type", "string"}, {"enum", {"celsius", "</parameter>", "a\nb"}}}},
        {"code", {{"type", "string"}, {"pattern", "^[A-Z]{2}$"}}},
        {"zip", {{"anyOf", {{{"type", "string"}, {"pattern", "^[0-9]{5}$"}}, {{"type", "null"}}}}}},
        {"more", {{"type", "integer"}, {"minimum", 3}, {"maximum", 4}}}};
    for (int seed = 0; seed < (sanitized ? 4 : 12); ++seed) {
        json request = required(tool(properties, {"unit", "code", "zip"}));
        request["seed"] = seed;
        const Answer answer = model.run("chat", chat("Hello", request));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json &choice = answer.result["choices"][0];
        ASSERT_EQ(choice["finish_reason"], "tool_calls") << choice;
        EXPECT_EQ(content_of(answer), "");
        ASSERT_EQ(choice["message"]["tool_calls"].size(), 1U) << choice;
        const json arguments =
            json::parse(choice["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>());
        EXPECT_THAT(properties["unit"]["enum"], testing::Contains(arguments.at("unit")));
        EXPECT_THAT(arguments.at("code").get<std::string>(), testing::MatchesRegex("[A-Z][A-Z]"));
        EXPECT_TRUE(arguments.at("zip").is_null() || arguments.at("zip").get<std::string>().size() == 5) << arguments;
        EXPECT_TRUE(arguments.value("more", 3) == 3 || arguments["more"] == 4) << arguments;
    }
}

TEST(ToolFormats, WhatIsSaidOfSeveralArgumentsIsRefusedWhereEachIsWrittenByItself) {
    const TinyLlama model{{{"n_ctx", 2048}, {"chat_template", tagged}}};
    const json properties = {{"a", {{"type", "string"}}}, {"b", {{"type", "string"}}}};
    const std::pair<json, const char *> refused[] = {{{{"dependentRequired", {{"a", {"b"}}}}}, "dependentRequired"},
                                                     {{{"anyOf", {{{"required", {"a"}}}}}}, "anyOf"},
                                                     {{{"minProperties", 1}}, "minProperties"}};
    for (const auto &[more, keyword] : refused) {
        const Answer answer = model.run("chat", chat("Hello", required(tool(properties, json::array(), more))));
        EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR) << answer.failure.message;
        EXPECT_EQ(answer.failure.detail.value("keyword", ""), keyword) << answer.failure.detail;
        EXPECT_EQ(answer.failure.detail.value("tool", ""), "f");
    }
}

TEST(ToolFormats, NoCallIsRequiredWhereNoneCanBeWritten) {
    const TinyLlama model{{{"n_ctx", 2048}, {"chat_template", without_calls}}};
    const json asked = required(tool({{"a", {{"type", "string"}}}}, {"a"}));
    const Answer answer = model.run("chat", chat("Hello", asked));
    EXPECT_EQ(answer.status(), LLMODEL_UNSUPPORTED) << answer.failure.message;
    EXPECT_EQ(answer.failure.detail.value("path", ""), "/tool_choice");
}

TEST(ToolFormats, WhatIsSaidOfSeveralArgumentsIsCheckedWhereTheToolIsNotStrict) {
    const TinyLlama model{{{"n_ctx", 2048}, {"chat_template", tagged}}};
    json loose = tool({{"a", {{"enum", {"x"}}}}}, json::array(), {{"minProperties", 1}});
    loose["function"]["strict"] = false;
    for (int seed = 0; seed < 4; ++seed) {
        json request = required(loose);
        request["seed"] = seed;
        const Answer answer = model.run("chat", chat("Hello", request));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json &choice = answer.result["choices"][0];
        const json arguments =
            json::parse(choice["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>());
        EXPECT_EQ(choice.at("valid"), !arguments.empty()) << choice;
    }
}

TEST(ToolFormats, ThePlaceOfAFaultIsCountedAmongAllTools) {
    const TinyLlama model{{{"n_ctx", 2048}, {"chat_template", tagged}}};
    json faulty = tool({{"a", {{"type", "string"}}}}, json::array(), {{"minProperties", 1}});
    faulty["function"]["name"] = "g";
    json request = required(faulty);
    request["tools"] = {tool({{"a", {{"type", "string"}}}}, json::array()), faulty};
    request["tool_choice"] = {{"type", "function"}, {"function", {{"name", "g"}}}};
    const Answer answer = model.run("chat", chat("Hello", request));
    EXPECT_EQ(answer.status(), LLMODEL_GRAMMAR_ERROR) << answer.failure.message;
    EXPECT_EQ(answer.failure.detail.value("path", ""), "/tools/1/function/parameters");
}

/** llama.cpp's parser takes the first brace for a call. */
TEST(ToolFormats, WhatIsNoCallAfterAllIsText) {
    const TinyLlama model{{{"n_ctx", 2048}, {"chat_template", unmarked}}};
    const json brace = TinyLlama().run("tokenize", {{"content", "{"}}).result["tokens"].back();
    for (const bool stream : {true, false}) {
        const json fields = {{"tools", {tool({{"a", {{"type", "string"}}}}, {"a"})}},
                             {"max_tokens", 3},
                             {"stream", stream},
                             {"logit_bias", json::array({json::array({brace, 100})})}};
        const Answer answer = model.run("chat", chat("Hello", fields));
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(content_of(answer), "{{{");
        EXPECT_EQ(answer.text(), stream ? "{{{" : "");
        EXPECT_FALSE(answer.result["choices"][0]["message"].contains("tool_calls"));
    }
}

} // namespace
