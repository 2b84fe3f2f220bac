// The operation save_state: a conversation's state in a file, whoever else uses the model.
#include "api_fixture.h"
#include "full_disk.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace {

using namespace api;
using namespace std::chrono_literals;

/** Chats that go on in several threads for as long as it lives, each another. */
class Others {
  public:
    Others(const Model &model, int threads) {
        for (int thread = 0; thread < threads; ++thread) {
            threads_.emplace_back([this, &model, thread] {
                for (int number = thread; !over_; number += 100) {
                    const std::string text = "what number " + std::to_string(number) + " tells nobody";
                    EXPECT_EQ(model.run("chat", chat(text, {{"ignore_eos", true}})).status(), LLMODEL_OK);
                    ++answers_;
                }
            });
        }
        while (answers_ < threads) {
            std::this_thread::sleep_for(1ms);
        }
    }
    ~Others() {
        over_ = true;
        for (std::thread &thread : threads_) {
            thread.join();
        }
    }
    Others(const Others &) = delete;
    Others &operator=(const Others &) = delete;

  private:
    std::atomic<bool> over_ = false;
    std::atomic<int> answers_ = 0;
    std::vector<std::thread> threads_;
};

class SaveChatState : public testing::Test {
  protected:
    // so that what is computed beside others differs by rounding alone
    const json options = {
        {"n_parallel", 2}, {"n_ctx", 1024}, {"cache_type_k", "f32"}, {"cache_type_v", "f32"}, {"flash_attn", "off"}};
    TemporaryFolder folder;
    const std::string path = folder.file("chat.state");

    static json conversation(int number) {
        return {{{"role", "user"}, {"content", "the red house number " + std::to_string(number)}},
                {{"role", "assistant"}, {"content", "it is beside the blue one"}}};
    }

    static json request_of(const json &messages, const std::string &path, const json &fields = json::object()) {
        json request = {{"path", path}, {"chat", {{"messages", messages}}}};
        request["chat"].update(fields);
        return request;
    }

    static Answer save(const Model &model, const json &messages, const std::string &path,
                       const json &fields = json::object()) {
        return model.run("save_state", request_of(messages, path, fields));
    }

    static int tokens_of(const Model &model, const json &messages) {
        const json request = {{"messages", messages}, {"add_generation_prompt", false}};
        return model.run("count_tokens", request).result["input_tokens"].get<int>();
    }

    /** The next turn. */
    static Answer go_on(const Model &model, json messages) {
        messages.push_back({{"role", "user"}, {"content", "and then?"}});
        return model.run("chat", {{"messages", messages},
                                  {"temperature", 0},
                                  {"max_tokens", 12},
                                  {"ignore_eos", true},
                                  {"logprobs", true},
                                  {"top_logprobs", 2}});
    }

    /** The same tokens, as likely, up to where rounding may decide. */
    static void expect_same(const Answer &answer, const Answer &expected) {
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const json &tokens = answer.result["choices"][0]["logprobs"]["content"];
        const json &others = expected.result["choices"][0]["logprobs"]["content"];
        ASSERT_EQ(tokens.size(), others.size());
        for (size_t i = 0; i < tokens.size(); ++i) {
            const json &top = others[i]["top_logprobs"];
            EXPECT_NEAR(tokens[i]["top_logprobs"][0]["logprob"].get<double>(), top[0]["logprob"].get<double>(), 0.001);
            if (top[0]["logprob"].get<double>() - top[1]["logprob"].get<double>() < 0.01) {
                EXPECT_GT(i, 0U);
                break;
            }
            EXPECT_EQ(tokens[i]["token"], others[i]["token"]) << i;
        }
    }
};

TEST_F(SaveChatState, IsThatOfTheConversationWhileOthersTakeTheSlots) {
    const Model model(model_path("tiny-llama-f32.gguf"), options);
    const Others others(model, 8);
    for (int number = 0; number < (sanitized ? 3 : 6); ++number) {
        const json messages = conversation(number);
        const Answer saved = save(model, messages, path);
        ASSERT_EQ(saved.status(), LLMODEL_OK) << saved.failure.message;
        const int tokens = tokens_of(model, messages);
        EXPECT_EQ(saved.result["n_tokens"], tokens);
        EXPECT_EQ(saved.result["n_bytes"], std::filesystem::file_size(path));
        EXPECT_EQ(folder.files(), 1U);

        const Model unsaved(model_path("tiny-llama-f32.gguf"), options);
        const Model restored(model_path("tiny-llama-f32.gguf"), options);
        ASSERT_EQ(state(llmodel_restore_state, restored, path).status, LLMODEL_OK);
        const Answer answer = go_on(restored, messages);
        expect_same(answer, go_on(unsaved, messages));
        EXPECT_GE(answer.result["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>(), tokens - 2);
    }
}

TEST_F(SaveChatState, SeveralAtOnce) {
    const Model model(model_path("tiny-llama-f32.gguf"), options);
    constexpr int count = 8;
    std::vector<std::thread> threads;
    threads.reserve(count);
    for (int number = 0; number < count; ++number) {
        threads.emplace_back([&, number] {
            const std::string own = folder.file(std::to_string(number));
            const Answer saved = save(model, conversation(number), own);
            EXPECT_EQ(saved.status(), LLMODEL_OK) << saved.failure.message;
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (int number = 0; number < count; ++number) {
        const Model restored(model_path("tiny-llama-f32.gguf"), options);
        const std::string own = folder.file(std::to_string(number));
        ASSERT_EQ(state(llmodel_restore_state, restored, own).status, LLMODEL_OK);
        const json messages = conversation(number);
        const Answer answer = go_on(restored, messages);
        EXPECT_GE(answer.result["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>(),
                  tokens_of(restored, messages) - 2)
            << "no other's state";
    }
}

TEST_F(SaveChatState, NoAnswerIsGiven) {
    const Model model(model_path("tiny-llama-f32.gguf"), options);
    const json answering = {{"n", 2}, {"n_predict", 30}, {"stream", false}, {"return_progress", true}};
    const Answer saved = save(model, conversation(1), path, answering);
    ASSERT_EQ(saved.status(), LLMODEL_OK) << saved.failure.message;
    EXPECT_EQ(saved.result["n_tokens"], tokens_of(model, conversation(1)));
    EXPECT_EQ(saved.text(), "");
    const Answer slot = save(model, conversation(2), path, {{"id_slot", 1}});
    EXPECT_EQ(slot.result["id_slot"], 1) << slot.failure.message;
    const Answer prompted = save(model, conversation(1), path, {{"add_generation_prompt", true}});
    EXPECT_GT(prompted.result["n_tokens"], saved.result["n_tokens"]) << prompted.failure.message;
}

TEST_F(SaveChatState, ACancelledOneLeavesNothing) {
    const Model model(model_path("tiny-llama-f32.gguf"), {{"n_parallel", 1}, {"n_ctx", 1024}});
    const Task busy = model.start("chat", chat("the house", {{"ignore_eos", true}, {"max_tokens", 800}}));
    Event event;
    while (event.kind != LLMODEL_EVENT_TEXT) { // it has the only slot
        ASSERT_EQ(busy.next(event).status, LLMODEL_OK);
    }
    const Task saving = model.start("save_state", request_of(conversation(1), path));
    EXPECT_EQ(saving.next(event).status, LLMODEL_OK);
    EXPECT_EQ(saving.next(event, 1).status, LLMODEL_TIMEOUT);
    saving.cancel();
    EXPECT_EQ(saving.next(event).status, LLMODEL_CANCELLED);
    EXPECT_EQ(folder.files_once_down_to(0), 0U);
    EXPECT_EQ(busy.finish().status(), LLMODEL_OK);

    const Task closed = model.start("save_state", request_of(conversation(1), path));
    model.close();
    const llmodel_status status = closed.finish().status();
    EXPECT_TRUE(status == LLMODEL_CANCELLED || status == LLMODEL_OK) << status;
    EXPECT_EQ(folder.files(), status == LLMODEL_OK ? 1U : 0U);
}

TEST_F(SaveChatState, WhatCannotBeSavedIsTold) {
    const Model model(model_path("tiny-llama-f32.gguf"), options);
    const auto refused = [&](const json &request) { return model.run("save_state", request).failure; };
    EXPECT_EQ(refused({{"path", path}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(refused({{"chat", chat("x")}}).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(refused(request_of(conversation(1), "")).status, LLMODEL_INVALID_ARGUMENT);
    const Failure role = refused(request_of({{{"role", "king"}, {"content", "x"}}}, path));
    EXPECT_EQ(role.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(role.detail["path"], "/chat/messages/0/role");
    const llmodel_status missing = refused(request_of(conversation(1), folder.file("no/such/folder"))).status;
    EXPECT_TRUE(missing == LLMODEL_NOT_FOUND || missing == LLMODEL_IO) << missing;
    std::string text;
    for (int i = 0; i < 2000; ++i) {
        text += "house ";
    }
    EXPECT_EQ(refused(request_of({{{"role", "user"}, {"content", text}}}, path)).status, LLMODEL_CONTEXT_OVERFLOW);
    EXPECT_EQ(refused(request_of(conversation(1), path, {{"id_slot", 5}})).status, LLMODEL_NOT_FOUND);
    {
        const FullDisk full(100);
        EXPECT_EQ(refused(request_of(conversation(1), path)).status, LLMODEL_IO);
    }
    EXPECT_EQ(folder.files_once_down_to(0), 0U);
    const Model encoder(model_path("tiny-bert.gguf"));
    EXPECT_EQ(encoder.run("save_state", request_of(conversation(1), path)).status(), LLMODEL_UNSUPPORTED);
    EXPECT_EQ(save(model, conversation(1), path).status(), LLMODEL_OK);
}

} // namespace
