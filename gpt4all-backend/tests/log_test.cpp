#include "api_fixture.h"
#include "log_fixture.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>

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
