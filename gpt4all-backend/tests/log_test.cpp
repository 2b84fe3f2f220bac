#include "api_fixture.h"
#include "log_fixture.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

using namespace api;

TEST(Logging, GivesMessagesUpToTheLevel) {
    size_t before = 0;
    for (const llmodel_log_level level :
         {LLMODEL_LOG_NONE, LLMODEL_LOG_ERROR, LLMODEL_LOG_WARN, LLMODEL_LOG_INFO, LLMODEL_LOG_DEBUG}) {
        Log log(level);
        const TinyLlama model;
        expect_works(model);
        const std::lock_guard lock(log.mutex);
        for (const auto &[of, message] : log.messages) {
            EXPECT_LE(of, level) << message;
            EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        }
        EXPECT_GE(log.messages.size(), before);
        before = log.messages.size();
        if (level >= LLMODEL_LOG_INFO) {
            EXPECT_FALSE(log.messages.empty());
        }
    }
    EXPECT_GT(before, 50U) << "debugging tells much";
}

TEST(Logging, ACancelledRequestIsNothingToWarnOf) {
    Log log(LLMODEL_LOG_DEBUG);
    {
        const TinyLlama model;
        const Task task =
            model.start("complete", complete("the house is", {{"max_tokens", 400}, {"ignore_eos", true}}));
        Event event;
        do {
            ASSERT_EQ(task.next(event).status, LLMODEL_OK);
        } while (event.kind != LLMODEL_EVENT_TEXT);
        task.cancel();
        EXPECT_EQ(task.finish().status(), LLMODEL_CANCELLED);
    }
    bool told = false;
    const std::lock_guard lock(log.mutex);
    for (const auto &[level, message] : log.messages) {
        const bool cancels = message.find("cancel") != std::string::npos;
        told = told || cancels;
        EXPECT_FALSE(cancels && level <= LLMODEL_LOG_WARN) << message;
    }
    EXPECT_TRUE(told) << "those who debug want to know";
}

/** Warnings are for what a program can change: not for caches that work, and not for what it asked for. */
TEST(Logging, OrdinaryUseIsNothingToWarnOf) {
    const TemporaryFolder folder;
    Log log(LLMODEL_LOG_WARN);
    for (int opened = 0; opened < 2; ++opened) {
        const TinyLlama model(json{{"n_parallel", 2}, {"context_shift", true}, {"cache_ram_mib", 1}});
        const auto ask = [&model](const char *operation, const json &request) {
            const Answer answer = model.run(operation, request);
            EXPECT_EQ(answer.status(), LLMODEL_OK) << operation << ": " << answer.failure.message;
        };
        for (int i = 0; i < 3; ++i) { // the prompt is in the cache from the second time on
            ask("chat", chat("Hello", {{"max_tokens", 4}}));
            ask("chat", chat("Hello", {{"max_tokens", 4}, {"n", 2}, {"stream", false}}));
            ask("complete", complete("the house is", {{"max_tokens", 4}, {"logprobs", 2}}));
        }
        for (int i = 0; i < 12; ++i) { // what a slot remembers leaves it, and then the cache of earlier prompts
            ask("complete",
                complete(std::to_string(i) + std::string(300, 'a' + static_cast<char>(i)), {{"max_tokens", 1}}));
        }
        ask("complete", complete("the house", {{"max_tokens", 600}, {"ignore_eos", true}})); // shifts the context
        const json schema = {{"type", "object"}, {"properties", {{"a", {{"type", "boolean"}}}}}, {"required", {"a"}}};
        ask("chat", chat("JSON?", {{"json_schema", schema}, {"max_tokens", 40}}));
        ask("embed", {{"input", {"one", "two"}}});
        ask("score", {{"context", "a"}, {"continuations", {" b", " c"}}});
        ask("tokenize", {{"content", "one <|im_end|>"}});
        ask("count_tokens", {{"messages", chat("Hello")["messages"]}});
        EXPECT_EQ(state(llmodel_save_state, model, folder.file("state"), {{"id_slot", 0}}).status, LLMODEL_OK);
        EXPECT_EQ(state(llmodel_restore_state, model, folder.file("state"), {{"id_slot", 1}}).status, LLMODEL_OK);
        const Task task = model.start("complete", complete("x", {{"max_tokens", 400}, {"ignore_eos", true}}));
        Event event;
        ASSERT_EQ(task.next(event).status, LLMODEL_OK);
        task.cancel();
        EXPECT_EQ(task.finish().status(), LLMODEL_CANCELLED);
    }
    {
        const TinyLlama adapted(json{{"lora", json::array({{{"path", model_path("tiny-llama-lora.gguf")}}})}});
        EXPECT_EQ(adapted.run("adapters", {{"lora", json::array({{{"id", 0}, {"scale", 0.5}}})}}).status(), LLMODEL_OK);
        EXPECT_EQ(adapted.run("chat", chat("Hello", {{"max_tokens", 2}})).status(), LLMODEL_OK);
        const api::Model encoder(model_path("tiny-bert.gguf"));
        EXPECT_EQ(encoder.run("embed", {{"input", {"one", "two"}}}).status(), LLMODEL_OK);
        const api::Model reranker(model_path("tiny-bert-rerank.gguf"));
        EXPECT_EQ(reranker.run("rerank", {{"query", "a"}, {"documents", {"b", "c"}}}).status(), LLMODEL_OK);
    }
    const std::lock_guard lock(log.mutex);
    for (const auto &[level, message] : log.messages) {
        ADD_FAILURE() << message;
    }
}

/** Whoever waits for room, or has to compute again what did not fit, is answered all the same. */
TEST(Logging, SharingAContextIsNothingToWarnOf) {
    const TemporaryFolder folder;
    Log log(LLMODEL_LOG_WARN);
    {
        const TinyLlama model(json{{"n_ctx", 256}, {"n_parallel", 3}});
        for (int round = 0; round < 2; ++round) {
            std::vector<Task> tasks;
            for (const char *who : {"cat", "dog", "fox"}) {
                const std::string prompt = std::string("Tell me of a ") + who + ". the house is the house is";
                tasks.push_back(model.start("complete", complete(prompt, {{"max_tokens", 100}, {"ignore_eos", true}})));
            }
            if (round == 1) {
                EXPECT_EQ(state(llmodel_restore_state, model, folder.file("state")).status, LLMODEL_OK);
            }
            for (const Task &task : tasks) {
                EXPECT_EQ(task.finish().status(), LLMODEL_OK);
            }
            EXPECT_EQ(state(llmodel_save_state, model, folder.file("state")).status, LLMODEL_OK);
        }
        const TinyLlama uneven(json{{"n_ctx", 1000}, {"n_parallel", 3}, {"kv_unified", false}});
        expect_works(uneven);
    }
    const std::lock_guard lock(log.mutex);
    for (const auto &[level, message] : log.messages) {
        ADD_FAILURE() << message;
    }
}

/** Nobody wants a context that cannot be used. */
TEST(Logging, TellsThatTheContextIsCut) {
    Log log(LLMODEL_LOG_WARN);
    const TinyLlama model(json{{"n_ctx", 4096}, {"n_parallel", 1}});
    const std::lock_guard lock(log.mutex);
    EXPECT_TRUE(std::ranges::any_of(log.messages, [](const auto &message) {
        return message.second.find("exceeds the training context") != std::string::npos;
    }));
}

TEST(Logging, EndsWithNull) {
    Log log(LLMODEL_LOG_DEBUG);
    const TinyLlama model;
    expect_works(model);
    EXPECT_GT(log.count(), 0U);
    llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_DEBUG);
    const size_t count = log.count();
    expect_works(model);
    const TinyLlama another;
    EXPECT_EQ(log.count(), count);
}

/** The thread that ends the process has no objects of its own any more when models that are open are closed. */
TEST(Logging, GoesOnAtTheEndOfTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            llmodel_set_log([](llmodel_log_level, const char *, void *) {}, nullptr, LLMODEL_LOG_DEBUG);
            llmodel_model *model = nullptr;
            llmodel_open(model_path("tiny-llama-f32.gguf").c_str(), nullptr, nullptr, nullptr, &model, nullptr);
            std::exit(model == nullptr ? 1 : 0);
        },
        testing::ExitedWithCode(0), "");
}

/** What the messages go to may be gone when models that are open are closed. */
TEST(Logging, EndsBeforeTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            static std::atomic<bool> ending{false};
            const auto tell = [](llmodel_log_level, const char *message, void *) {
                if (ending) {
                    std::fputs(message, stderr);
                }
            };
            llmodel_set_log(tell, nullptr, LLMODEL_LOG_DEBUG);
            llmodel_model *model = nullptr;
            // not this thread, which would then have objects that tell it of its end
            std::thread([&model] {
                llmodel_open(model_path("tiny-llama-f32.gguf").c_str(), nullptr, nullptr, nullptr, &model, nullptr);
            }).join();
            ending = true;
            std::exit(model == nullptr ? 1 : 0);
        },
        testing::ExitedWithCode(0), "^$");
}

/** Whatever happens, a library is silent: checked on the file descriptors, where nothing can be missed. */
TEST(Logging, NothingIsPrinted) {
    const TemporaryFolder folder;
    const std::string printed = folder.file("printed");
    std::fflush(nullptr);
    const int out = dup(1);
    const int err = dup(2);
    FILE *file = std::fopen(printed.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    dup2(fileno(file), 1);
    dup2(fileno(file), 2);

    std::vector<llmodel_status> statuses;
    {
        const TinyLlama model;
        statuses.push_back(model.run("chat", chat("Hello")).status());
        statuses.push_back(model.run("embed", {{"input", "x"}}).status());
        statuses.push_back(model.run("score", {{"context", "x"}, {"continuations", {"y"}}}).status());
        statuses.push_back(model.run("complete", complete("x", {{"grammar", "root ::= ("}})).status());
        statuses.push_back(model.run("complete", complete("x", {{"json_schema", {{"$ref", "#/nowhere"}}}})).status());
        statuses.push_back(refuse(folder.file("nothing.gguf")).status);
        statuses.push_back(refuse(printed).status);
        statuses.push_back(refuse(model_path("tiny-llama-f32.gguf"), {{"chat_template", "{% if"}}).status);
        statuses.push_back(inspect(model_path("tiny-bert.gguf")).status);
        statuses.push_back(devices().status);
        statuses.push_back(
            quantize(model_path("tiny-llama-f32.gguf"), folder.file("q.gguf"), {{"type", "Q8_0"}}).status);
    }

    std::fflush(nullptr);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    std::fclose(file);
    const std::vector<llmodel_status> expected = {LLMODEL_OK,
                                                  LLMODEL_OK,
                                                  LLMODEL_OK,
                                                  LLMODEL_GRAMMAR_ERROR,
                                                  LLMODEL_GRAMMAR_ERROR,
                                                  LLMODEL_NOT_FOUND,
                                                  LLMODEL_INVALID_MODEL,
                                                  LLMODEL_TEMPLATE_ERROR,
                                                  LLMODEL_OK,
                                                  LLMODEL_OK,
                                                  LLMODEL_OK};
    EXPECT_EQ(statuses, expected);
    std::string text(std::filesystem::file_size(printed), '\0');
    FILE *again = std::fopen(printed.c_str(), "rb");
    EXPECT_EQ(std::fread(text.data(), 1, text.size(), again), text.size());
    std::fclose(again);
    EXPECT_EQ(text, "");
}

} // namespace
