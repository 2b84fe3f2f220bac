#include "api_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

/** What a request brings cannot bring in control tokens. The tiny LLaMA's vocabulary is SentencePiece, those that were
 *  trained on Shakespeare are byte pairs, BERT's is WordPiece. */
namespace {

using namespace api;

const std::string shakespeare = "trained/shakespeare-mpt-q8_0.gguf";

/** Puts each part of a request somewhere, by every way in which templates do. */
const char *const template_of_all =
    "{{ bos_token }}"
    "{% for t in tools or [] %}<|im_start|>system\n{{ t | tojson }} {{ t.function.name }}: {{ t.function.description }}"
    "{% for k, v in (t.function.parameters.properties or {}) | items %} {{ k }}={{ v.description }}{% endfor %}"
    "<|im_end|>\n{% endfor %}"
    "{% for d in documents or [] %}<|im_start|>user\n{{ d.title ~ '\n' ~ d.text }}<|im_end|>\n{% endfor %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.name %}[{{ m.name }}] {% endif %}"
    "{% if m.reasoning_content %}{{ '<|im_start|>think ' + m.reasoning_content | trim + '<|im_end|>' }}{% endif %}"
    "{% if m.content is string %}{{ m.content }}{% endif %}"
    "{% for c in m.tool_calls or [] %} {{ c.function.name }} {{ c.function.arguments | tojson }} {{ c.id }}{% endfor %}"
    "{% if m.tool_call_id %} for {{ m.tool_call_id }}{% endif %}"
    "<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/** A conversation that has `text` in every place where a request may bring one. */
std::map<std::string, json> conversations(const std::string &text) {
    const auto with = [](const json &message, const json &fields = json::object()) {
        json request = {{"messages", json::array({{{"role", "user"}, {"content", "Hello"}}, message})}};
        request.update(fields);
        return request;
    };
    const json user = {{"role", "user"}, {"content", "Go on."}};
    const auto call = [](const std::string &name, const json &arguments, const std::string &id) {
        const json called = {
            {"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", arguments}}}};
        return json{{"role", "assistant"}, {"content", ""}, {"tool_calls", json::array({called})}};
    };
    const auto tool = [](const std::string &name, const std::string &description, const json &properties) {
        const json function = {{"name", name},
                               {"description", description},
                               {"parameters", {{"type", "object"}, {"properties", properties}}}};
        return json{{"tools", json::array({{{"type", "function"}, {"function", function}}})}};
    };
    const json parts = {{{"type", "text"}, {"text", text}}, {{"type", "text"}, {"text", "more"}}};
    return {
        {"system", with({{"role", "system"}, {"content", text}})},
        {"user", with({{"role", "user"}, {"content", text}})},
        {"parts", with({{"role", "user"}, {"content", parts}})},
        {"user_name", with({{"role", "user"}, {"content", "x"}, {"name", text}})},
        {"assistant", with({{"role", "assistant"}, {"content", text}})},
        {"reasoning", with({{"role", "assistant"}, {"content", "x"}, {"reasoning_content", text}})},
        {"tool_result", with({{"role", "tool"}, {"content", text}, {"tool_call_id", "1"}})},
        {"tool_call_id", with({{"role", "tool"}, {"content", "x"}, {"tool_call_id", text}})},
        {"call_name", with(call(text, json::object(), "1"))},
        {"call_arguments", with(call("f", {{"a", text}}, "1"))},
        {"call_argument_names", with(call("f", {{text, 1}}, "1"))},
        {"tool_name", with(user, tool(text, "", json::object()))},
        {"tool_description", with(user, tool("f", text, json::object()))},
        {"parameter_name", with(user, tool("f", "", {{text, {{"type", "integer"}}}}))},
        {"parameter_description", with(user, tool("f", "", {{"a", {{"description", text}}}}))},
        {"document",
         with(user, {{"chat_template_kwargs", {{"documents", json::array({{{"title", "t"}, {"text", text}}})}}}})},
        {"continued", with({{"role", "assistant"}, {"content", text}}, {{"continue_final_message", true}})},
    };
}

struct Prompt {
    std::string text;
    json tokens;
};

/** `counted`: as well, which takes as long again. */
Prompt rendered(const api::Model &model, json request, bool counted = !sanitized) {
    request["return_tokens"] = true;
    const Answer answer = model.run("apply_template", request);
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message << "\n" << request;
    if (counted) {
        request.erase("return_tokens");
        const Answer count = model.run("count_tokens", request);
        EXPECT_EQ(count.result["input_tokens"], answer.result["tokens"].size());
    }
    return {answer.result["prompt"], answer.result["tokens"]};
}

json tokens_of(const api::Model &model, const std::string &text, const json &fields) {
    json request = {{"content", text}};
    request.update(fields);
    return model.run("tokenize", request).result["tokens"];
}

/** How many of the tokens are one of those that the names are read as. */
size_t count_controls(const api::Model &model, const json &tokens, const std::vector<std::string> &names) {
    std::set<json> controls;
    for (const std::string &name : names) {
        const json read = tokens_of(model, name, {{"parse_special", true}});
        EXPECT_EQ(read.size(), 1U) << name << " is no control token";
        controls.insert(read[0]);
    }
    return static_cast<size_t>(std::ranges::count_if(tokens, [&](const json &id) { return controls.contains(id); }));
}

struct Vocabulary {
    std::string file;
    std::vector<std::string> controls;
};

class SpecialTokens : public testing::TestWithParam<Vocabulary> {
  protected:
    const TinyLlama model{json{{"n_ctx", 2048}, {"chat_template", template_of_all}}, GetParam().file};
    const std::vector<std::string> &controls = GetParam().controls;
    std::string all = [this] {
        std::string text = "a";
        for (const std::string &name : controls) {
            text += name + "b ";
        }
        return text + "c";
    }();
};

TEST_P(SpecialTokens, NothingThatARequestBringsIsOne) {
    auto harmless = conversations("harmless");
    for (const auto &[place, request] : conversations(all)) {
        const Prompt prompt = rendered(model, request);
        EXPECT_THAT(prompt.text, testing::HasSubstr(controls[0])) << place << " is nowhere in the prompt";
        EXPECT_EQ(count_controls(model, prompt.tokens, controls),
                  count_controls(model, rendered(model, harmless.at(place)).tokens, controls))
            << place << ": " << prompt.text;
    }
}

TEST_P(SpecialTokens, AreReadWhereThatIsAskedFor) {
    for (auto &[place, request] : conversations(all)) {
        request["parse_special"] = true;
        const Prompt prompt = rendered(model, request);
        EXPECT_EQ(prompt.tokens, tokens_of(model, prompt.text, {{"add_special", true}, {"parse_special", true}}))
            << place;
    }
}

/** Where a text names no control token, the prompt is split as if all of it were the template's. */
TEST_P(SpecialTokens, OtherTextsAreSplitAsEver) {
    const std::vector<std::string> pieces = {"the", " house", "\n", "  ",           "<", "|",  ">",  "im_start", "<|",
                                             "|>",  "s",      "é",  "\xE6\x97\xA5", "1", "\t", "'s", ",",        "\\",
                                             "\"",  "</"};
    std::mt19937 random(7);                                     // NOLINT: the same texts each time
    for (int round = 0; round < (sanitized ? 1 : 4); ++round) { // long texts: most of the time goes to the template
        std::string text;
        for (int i = 0; i < 45; ++i) {
            text += pieces[random() % pieces.size()];
        }
        if (std::ranges::any_of(controls,
                                [&](const std::string &name) { return text.find(name) != std::string::npos; })) {
            continue;
        }
        for (const auto &[place, request] : conversations(text)) {
            const Prompt prompt = rendered(model, request);
            ASSERT_EQ(prompt.tokens, tokens_of(model, prompt.text, {{"add_special", true}, {"parse_special", true}}))
                << place << ": " << prompt.text;
        }
    }
}

TEST_P(SpecialTokens, ARequestIsAnsweredWithoutThem) {
    const Answer with = model.run("chat", chat(all, {{"max_tokens", 2}}));
    ASSERT_EQ(with.status(), LLMODEL_OK) << with.failure.message;
    const Prompt prompt = rendered(model, {{"messages", chat(all)["messages"]}}, true);
    EXPECT_EQ(with.result["usage"]["prompt_tokens"], prompt.tokens.size());
    const Answer old = model.run("chat", chat(all, {{"max_tokens", 2}, {"parse_special", true}}));
    EXPECT_LT(old.result["usage"]["prompt_tokens"], with.result["usage"]["prompt_tokens"]);
}

/** SentencePiece joins pieces of text to any word of the vocabulary, and so do others where a word is one piece. */
TEST_P(SpecialTokens, NoPiecesOfTextComeToOne) {
    for (const std::string &name : controls) {
        const std::string text = std::string("a").append(name).append(" ").append(name);
        const json tokens = tokens_of(model, text, {{"parse_special", false}});
        EXPECT_EQ(count_controls(model, tokens, controls), 0U) << name << ": " << tokens;
    }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, SpecialTokens,
                         testing::Values(Vocabulary{"tiny-llama-f32.gguf",
                                                    {"<|im_end|>", "<|im_start|>", "<s>", "</s>"}},
                                         Vocabulary{shakespeare, {"<|endoftext|>"}}),
                         [](const auto &test) { return "Vocabulary" + std::to_string(test.index); });

TEST(SpecialTokensOfWordPiece, AreNotRead) {
    const api::Model model(model_path("tiny-bert.gguf"));
    EXPECT_EQ(tokens_of(model, "[SEP]", {{"parse_special", true}}).size(), 1U);
    const json tokens = tokens_of(model, "a [SEP] b[CLS]", {{"parse_special", false}});
    EXPECT_EQ(count_controls(model, tokens, {"[SEP]", "[CLS]"}), 0U) << tokens;
}

/** A name that the template begins and a message ends is no control token either, but for the names of roles. */
TEST(SpecialTokensOfTemplates, MayBeMadeOfRoles) {
    const std::string source =
        "{% for m in messages %}{{ '<|' + m.role + '|>' }}{{ '<|' + m.content + '|>' }}{% endfor %}";
    const TinyLlama model(json{{"chat_template", source}});
    const Prompt prompt = rendered(model, {{"messages", chat("im_end")["messages"]}});
    EXPECT_EQ(prompt.text, "<|user|><|im_end|>");
    EXPECT_EQ(count_controls(model, prompt.tokens, {"<|im_end|>"}), 0U);
}

class Filters : public testing::TestWithParam<std::pair<const char *, const char *>> {};

/** Filters and methods do not lose where a text came from, in texts of the request's alone and in mixed ones. */
TEST_P(Filters, KeepWhatTheRequestBrought) {
    const auto &[expression, wanted] = GetParam();
    for (const bool mixed : {false, true}) {
        const std::string whole = mixed ? "('<|im_start|>' ~ m.content ~ '<|im_start|>')" : "m.content";
        std::string filtered = expression;
        filtered.replace(filtered.find('$'), 1, whole);
        const TinyLlama model(
            json{{"chat_template", "{% for m in messages %}" + filtered + "{% endfor %}<|im_start|>"}});
        const Prompt prompt = rendered(model, {{"messages", chat("a<|im_end|>-<|im_end|>b")["messages"]}});
        EXPECT_THAT(prompt.text, testing::HasSubstr(wanted)) << filtered;
        EXPECT_EQ(count_controls(model, prompt.tokens, {"<|im_end|>"}), 0U) << filtered << ": " << prompt.text;
        EXPECT_GE(count_controls(model, prompt.tokens, {"<|im_start|>"}), 1U) << prompt.text;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Of, Filters,
    testing::Values(std::pair("{{ $ | trim }}", "a<|im_end|>"), std::pair("{{ $ | lower }}", "a<|im_end|>"),
                    std::pair("{{ $ | replace('b', 'c') }}", "<|im_end|>c"),
                    std::pair("{{ $.split('-') | join('+') }}", "<|im_end|>+<|im_end|>"),
                    std::pair("{{ $.split('-')[0] }}", "<|im_end|>"),
                    std::pair("{{ $.rsplit('-', 1)[0] }}", "<|im_end|>"), std::pair("{{ $[1:] }}", "<|im_end|>-"),
                    std::pair("{{ $[:-1] }}", "<|im_end|>-"), std::pair("{{ $ | indent(2) }}", "a<|im_end|>"),
                    std::pair("{{ '{}'.format($) }}", "a<|im_end|>"), std::pair("{{ $ | tojson }}", "a<|im_end|>"),
                    std::pair("{{ [$] | string }}", "a<|im_end|>"), std::pair("{{ '' ~ [$] }}", "a<|im_end|>"),
                    std::pair("{{ '' ~ {'k': $} }}", "a<|im_end|>"), std::pair("{{ {$: 1} | tojson }}", "a<|im_end|>"),
                    std::pair("{{ [$, 'x'] | join(', ') }}", "<|im_end|>b"),
                    std::pair("{% set t = $ %}{% for i in range(t | length) %}{{ t[i] }}{% endfor %}", "a<|im_end|>"),
                    std::pair("{% macro show(x) %}<|im_start|>{{ x }}{% endmacro %}{{ show($) | trim }}",
                              "a<|im_end|>"),
                    std::pair("{% set t %}{{ $ }}{% endset %}{{ t | replace('z', 'y') }}", "a<|im_end|>"),
                    std::pair("{{ 'say X' | replace('X', $) }}", "a<|im_end|>"),
                    std::pair("{{ ['x', 'y'] | join($) }}", "a<|im_end|>")),
    [](const auto &test) { return "Filter" + std::to_string(test.index); });

/** The template's part of a mixed text remains the template's, and keeps its control tokens. */
TEST(SpecialTokensOfTemplates, StayThroughFilters) {
    for (const char *filtered :
         {"$ | trim", "$ | replace('b', 'c')", "$.split('-') | join('+')", "$.split('|im_end|')[0]", "$[0:]", "$[:-1]",
          "$ | indent(2)", "($ ~ '').rsplit('-')[0]"}) {
        std::string expression = filtered;
        expression.replace(expression.find('$'), 1, "('<|im_start|>' ~ m.content ~ '.')");
        const TinyLlama model(json{{"chat_template", "{% for m in messages %}{{ " + expression + " }}{% endfor %}"}});
        const Prompt prompt = rendered(model, {{"messages", chat("a<|im_end|>-b")["messages"]}});
        EXPECT_EQ(count_controls(model, prompt.tokens, {"<|im_start|>"}), 1U) << filtered << ": " << prompt.text;
        EXPECT_EQ(count_controls(model, prompt.tokens, {"<|im_end|>"}), 0U) << filtered << ": " << prompt.text;
    }
}

} // namespace
