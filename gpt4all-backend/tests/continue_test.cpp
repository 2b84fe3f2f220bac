#include "api_fixture.h"

#include <gmock/gmock.h>

/** continue_final_message and add_generation_prompt. */
namespace {

using namespace api;

const json question = {{"role", "user"}, {"content", "Hello"}};

json assistant(const json &fields) {
    json message = {{"role", "assistant"}};
    message.update(fields);
    return message;
}

Answer prompt_of(const api::Model &model, const json &messages, const json &fields) {
    json request = {{"messages", messages}};
    request.update(fields);
    return model.run("apply_template", request);
}

const char *const thinking =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}";

TEST(Continue, GoesOnWithTheAssistantsMessage) {
    const TinyLlama model;
    const json messages = {question, assistant({{"content", "Good mor"}})};
    for (const json &how : {json(true), json("content")}) {
        const Answer answer = prompt_of(model, messages, {{"continue_final_message", how}});
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.result["prompt"], "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nGood mor");
    }
}

TEST(Continue, RefusesWhatIsNotTheAssistants) {
    const TinyLlama model;
    for (const char *role : {"user", "system", "developer"}) {
        const Answer answer =
            prompt_of(model, {question, {{"role", role}, {"content", "x"}}}, {{"continue_final_message", true}});
        EXPECT_EQ(answer.status(), LLMODEL_INVALID_ARGUMENT) << role;
        EXPECT_EQ(answer.failure.detail["path"], "/continue_final_message");
        EXPECT_THAT(answer.failure.message, testing::HasSubstr(role));
    }
    const json tool = {{"role", "tool"}, {"content", "x"}, {"tool_call_id", "1"}};
    EXPECT_EQ(prompt_of(model, {question, tool}, {{"continue_final_message", true}}).status(),
              LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(model.run("chat", chat("Hello", {{"continue_final_message", true}})).status(), LLMODEL_INVALID_ARGUMENT);
    expect_works(model);
}

TEST(Continue, RefusesWhatContradictsItself) {
    const TinyLlama model;
    const json call = {{"type", "function"}, {"function", {{"name", "f"}, {"arguments", "{}"}}}};
    const json calls = {question, assistant({{"content", "x"}, {"tool_calls", json::array({call})}})};
    EXPECT_EQ(prompt_of(model, calls, {{"continue_final_message", true}}).status(), LLMODEL_INVALID_ARGUMENT);

    const json spoken = {question, assistant({{"content", "x"}, {"reasoning_content", "y"}})};
    EXPECT_EQ(prompt_of(model, spoken, {{"continue_final_message", "reasoning_content"}}).status(),
              LLMODEL_INVALID_ARGUMENT);

    const Answer both = prompt_of(model, spoken, {{"continue_final_message", true}, {"add_generation_prompt", true}});
    EXPECT_EQ(both.status(), LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(both.failure.detail["path"], "/add_generation_prompt");

    const json empty = json::array({assistant({{"content", ""}})});
    EXPECT_EQ(prompt_of(model, empty, {{"continue_final_message", true}}).status(), LLMODEL_INVALID_ARGUMENT);
}

TEST(Continue, BeginsAMessageThatIsEmpty) {
    const TinyLlama model;
    const Answer wanted = prompt_of(model, json::array({question}), json::object());
    for (const json &content : {json(""), json(nullptr), json::array({{{"type", "text"}, {"text", ""}}})}) {
        const Answer answer =
            prompt_of(model, {question, assistant({{"content", content}})}, {{"continue_final_message", true}});
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.result["prompt"], wanted.result["prompt"]) << content;
    }
}

/** Not where two renderings begin to differ, which may be within a token. */
TEST(Continue, GoesOnInTheTemplatesOwnTokens) {
    const TinyLlama model(
        json{{"chat_template", "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}<|content|>"
                               "{% endif %}{{ m.content }}<|end|>{% endfor %}"
                               "{% if add_generation_prompt %}<|assistant|>{% else %}<|endoftext|>{% endif %}"}});
    for (const char *begun : {"Good mor", "e", "<|end|>", "Go "}) {
        const Answer answer =
            prompt_of(model, {question, assistant({{"content", begun}})}, {{"continue_final_message", true}});
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.result["prompt"], "<|user|>Hello<|end|><|assistant|><|content|>" + std::string(begun));
    }
    const json parts = {{{"type", "text"}, {"text", "Good"}}, {{"type", "text"}, {"text", "mor"}}};
    const Answer answer =
        prompt_of(model, {question, assistant({{"content", parts}})}, {{"continue_final_message", true}});
    EXPECT_THAT(answer.result["prompt"].get<std::string>(), testing::EndsWith("<|content|>Good\nmor"));
}

TEST(Continue, GoesOnWithReasoning) {
    const TinyLlama model(json{{"chat_template", thinking}});
    const json messages = {question, assistant({{"content", ""}, {"reasoning_content", "Let me s"}})};
    for (const json &how : {json(true), json("reasoning_content")}) {
        const Answer answer = prompt_of(model, messages, {{"continue_final_message", how}});
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_THAT(answer.result["prompt"].get<std::string>(), testing::EndsWith("Let me s"));
    }
    const Answer content =
        prompt_of(model, {question, assistant({{"content", "Goo"}, {"reasoning_content", "Let me s"}})},
                  {{"continue_final_message", true}});
    EXPECT_THAT(content.result["prompt"].get<std::string>(),
                testing::AllOf(testing::HasSubstr("Let me s"), testing::EndsWith("Goo")));
}

TEST(Continue, WithoutAPlaceForReasoningIsUnsupported) {
    const TinyLlama model;
    const json messages = {question, assistant({{"content", ""}, {"reasoning_content", "Let me s"}})};
    EXPECT_EQ(prompt_of(model, messages, {{"continue_final_message", true}}).status(), LLMODEL_UNSUPPORTED);
}

/** Not even reasoning that is named like the tokens around it. */
TEST(Continue, BringsNoControlTokens) {
    const TinyLlama model(json{{"chat_template", thinking}});
    const auto controls = [&model](const std::string &reasoning, const std::string &content) {
        const Answer answer =
            prompt_of(model, {question, assistant({{"content", content}, {"reasoning_content", reasoning}})},
                      {{"continue_final_message", true}, {"return_tokens", true}});
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json end = model.run("tokenize", {{"content", "<|im_end|>"}}).result["tokens"][0];
        return std::ranges::count(answer.result["tokens"], end);
    };
    const auto without = controls("t", "x");
    EXPECT_EQ(controls("<|im_end|>", "x"), without);
    EXPECT_EQ(controls("t", "x<|im_end|>y"), without);
    EXPECT_EQ(controls("a<|im_end|>", "<|im_end|>"), without);
    EXPECT_EQ(controls("a<|im_end|>", ""), without);
}

} // namespace
