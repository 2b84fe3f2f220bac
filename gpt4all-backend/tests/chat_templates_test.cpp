#include "api_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace {

using namespace api;

const json conversation = {{{"role", "system"}, {"content", "Be kind."}},
                           {{"role", "user"}, {"content", "Hello"}},
                           {{"role", "assistant"}, {"content", "Good day"}},
                           {{"role", "user"}, {"content", "Bye"}}};

struct NamedTemplate {
    const char *name;
    const char *prompt; // of the conversation
};

class ChatTemplates : public testing::TestWithParam<NamedTemplate> {};

TEST_P(ChatTemplates, SayAConversationInTheirWay) {
    const TinyLlama model(json{{"chat_template", GetParam().name}});
    const Answer answer = model.run("apply_template", {{"messages", conversation}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["prompt"], GetParam().prompt);
    EXPECT_EQ(model.run("chat", {{"messages", conversation}, {"max_tokens", 2}}).status(), LLMODEL_OK);
}

INSTANTIATE_TEST_SUITE_P(
    All, ChatTemplates,
    testing::Values(NamedTemplate{"alpaca", "Be kind.\n\n### Instruction:\nHello\n\n### Response:\nGood day\n\n"
                                            "### Instruction:\nBye\n\n### Response:\n"},
                    NamedTemplate{"chatml",
                                  "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
                                  "<|im_start|>assistant\nGood day<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
                                  "<|im_start|>assistant\n"},
                    NamedTemplate{"gpt4all-j", "Be kind.\n### Prompt:\nHello\n### Response:\nGood day\n"
                                               "### Prompt:\nBye\n### Response:\n"},
                    NamedTemplate{"human-assistant", "Be kind.\n\n### Human:\nHello\n\n### Assistant:\nGood day\n\n"
                                                     "### Human:\nBye\n\n### Assistant:\n"},
                    NamedTemplate{"llama2", "[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHello [/INST] Good day </s><s>"
                                            "[INST] Bye [/INST]"},
                    NamedTemplate{"mistral", "[INST] Be kind.\n\nHello [/INST] Good day</s>[INST] Bye [/INST]"},
                    NamedTemplate{"vicuna", "Be kind. USER: Hello ASSISTANT: Good day</s>USER: Bye ASSISTANT:"},
                    NamedTemplate{"zephyr",
                                  "<|system|>\nBe kind.</s>\n<|user|>\nHello</s>\n<|assistant|>\nGood day</s>\n"
                                  "<|user|>\nBye</s>\n<|assistant|>\n"}),
    [](const auto &named) {
        std::string name = named.param.name;
        std::erase(name, '-');
        return name;
    });

TEST(ChatTemplate, WithoutJinjaMustBeAName) {
    for (const char *given : {"vicunna", "### Human: {0}", "Vicuna"}) {
        const Failure failure = refuse(model_path("tiny-llama-f32.gguf"), {{"chat_template", given}});
        EXPECT_EQ(failure.status, LLMODEL_INVALID_ARGUMENT);
        EXPECT_THAT(failure.message, testing::HasSubstr(given));
        EXPECT_THAT(failure.message, testing::HasSubstr("gpt4all-j, human-assistant"));
        EXPECT_EQ(failure.detail["path"], "/chat_template");
    }
    const std::string text(100000, 'x');
    const Failure failure = refuse(model_path("tiny-llama-f32.gguf"), {{"chat_template", text}});
    EXPECT_EQ(failure.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_LT(failure.message.size(), 1000U);
}

/** The tiny LLaMA with bytes of its file changed for as many others, each of which stands there once. */
class ChangedLlama {
  public:
    explicit ChangedLlama(const std::vector<std::pair<std::string, std::string>> &changes) {
        std::ifstream in(model_path("tiny-llama-q8_0.gguf"), std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(in), {}};
        for (const auto &[from, to] : changes) {
            EXPECT_EQ(from.size(), to.size());
            const size_t place = bytes.find(from);
            EXPECT_NE(place, std::string::npos);
            EXPECT_EQ(bytes.find(from, place + 1), std::string::npos);
            bytes.replace(place, to.size(), to);
        }
        write_bytes(path_, bytes);
    }
    ~ChangedLlama() { std::filesystem::remove(path_); }
    ChangedLlama(const ChangedLlama &) = delete;
    ChangedLlama &operator=(const ChangedLlama &) = delete;

    const std::string &path() const { return path_; }

  private:
    std::string path_ = testing::TempDir() + "chat-templates-" + std::to_string(getpid()) + ".gguf";
};

const std::pair<std::string, std::string> without_template{"tokenizer.chat_template", "tokenizer.chat_nothing_"};

/** As what a model without a template of its own is asked. */
std::string default_prompt(const std::string &path) {
    const Model model(path, {{"n_ctx", 256}, {"n_parallel", 1}});
    const json messages = {{{"role", "user"}, {"content", "Hello"}}};
    return model.run("apply_template", {{"messages", messages}}).result["prompt"];
}

TEST(ChatTemplate, OfAModelWithoutOneIsTold) {
    const std::string gptj = model_path("trained/shakespeare-gptj-q8_0.gguf");
    EXPECT_EQ(inspect(gptj).value["default_chat_template"], "gpt4all-j");
    EXPECT_EQ(default_prompt(gptj), "### Prompt:\nHello\n### Response:\n");

    const std::string llama = model_path("trained/shakespeare-llama-q8_0.gguf");
    EXPECT_EQ(inspect(llama).value["default_chat_template"], "human-assistant");
    EXPECT_EQ(default_prompt(llama), "### Human:\nHello\n\n### Assistant:\n");

    const ChangedLlama with_tokens({without_template});
    EXPECT_EQ(inspect(with_tokens.path()).value["default_chat_template"], "chatml");
    EXPECT_EQ(default_prompt(with_tokens.path()), "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");

    EXPECT_FALSE(inspect(model_path("tiny-llama-f32.gguf")).value.contains("default_chat_template"));
    EXPECT_FALSE(inspect(model_path("tiny-bert.gguf")).value.contains("default_chat_template"));
}

TEST(ChatTemplate, EndsAnAnswerWhereTheNextTurnBegins) {
    const json the = TinyLlama().run("tokenize", {{"content", " the"}}).result["tokens"];
    const std::string length("\6\0\0\0\0\0\0\0", 8);
    const ChangedLlama writes_turns({{length + "\u2581the", length + "[INST]"}}); // both of 6 bytes
    const auto answered = [&](const char *chat_template, const json &more) {
        const Model model(writes_turns.path(), {{"chat_template", chat_template}, {"n_ctx", 256}, {"n_parallel", 1}});
        json request =
            chat("Hello", {{"max_tokens", 3}, {"logit_bias", json::array({json::array({the.back(), 100})})}});
        request.update(more);
        const Answer answer = model.run("chat", request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        return answer.result["choices"][0];
    };
    const json stopped = answered("mistral", json::object());
    EXPECT_EQ(stopped["message"]["content"], "");
    EXPECT_EQ(stopped["finish_reason"], "stop");
    for (const json &stop : {json("never"), json{"never"}}) {
        EXPECT_EQ(answered("mistral", {{"stop", stop}})["finish_reason"], "stop");
    }
    EXPECT_EQ(answered("{{ messages[0].content }}", json::object())["message"]["content"], "[INST][INST][INST]");

    const json in_a_string = answered("mistral", {{"grammar", R"(root ::= "\"[INST][INST]\"")"}, {"max_tokens", 9}});
    EXPECT_EQ(in_a_string["message"]["content"], "\"[INST][INST]\"");
}

} // namespace
