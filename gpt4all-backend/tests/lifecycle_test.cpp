#include "api_fixture.h"

#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <limits>
#include <thread>

namespace {

using namespace api;
using namespace std::chrono_literals;

const std::string tiny_llama = model_path("tiny-llama-f32.gguf");

/** Bytes of memory that the process holds. */
int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    int64_t total = 0;
    int64_t resident = 0;
    file >> total >> resident;
    return resident * sysconf(_SC_PAGESIZE);
}

TEST(Lifecycle, OpeningAndClosingLeaksNothing) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers keep freed memory";
    }
    const auto once = [] {
        const TinyLlama model;
        expect_works(model);
        EXPECT_EQ(model.run("embed", {{"input", "x"}}).status(), LLMODEL_OK);
    };
    // a leak shows in each round of ten; the C library's heaps for threads settle slowly, but not in all of them
    int64_t least_growth = std::numeric_limits<int64_t>::max();
    for (int round = 0; round < 5; ++round) {
        const int64_t before = resident_bytes();
        for (int i = 0; i < 10; ++i) {
            once();
        }
        least_growth = std::min(least_growth, resident_bytes() - before);
    }
    EXPECT_LT(least_growth, int64_t{1} << 20); // ten models that were leaked hold ten times that
}

TEST(Lifecycle, TwoModelsWithFourThreadsEach) {
    const TinyLlama models[2] = {TinyLlama(),
                                 TinyLlama(json{{"lora", {{{"path", model_path("tiny-llama-lora.gguf")}}}}})};
    const std::vector<std::string> prompts = {"the house", "many people", "what is", "how long"};
    std::vector<std::string> expected;
    for (const TinyLlama &model : models) {
        for (const std::string &prompt : prompts) {
            expected.push_back(content_of(model.run("complete", complete(prompt))));
        }
    }
    std::vector<std::thread> threads;
    for (size_t m = 0; m < 2; ++m) {
        for (size_t p = 0; p < prompts.size(); ++p) {
            threads.emplace_back([&, m, p] {
                for (int i = 0; i < 3; ++i) {
                    const Answer answer = models[m].run("complete", complete(prompts[p]));
                    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
                    EXPECT_EQ(content_of(answer), expected[m * prompts.size() + p]);
                }
            });
        }
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

TEST(Lifecycle, ProgressRisesAndCancels) {
    struct Progress {
        std::vector<float> seen;
        float cancel_from;
        std::thread::id thread;
    };
    const llmodel_progress_fn report = [](float done, void *user) -> int32_t {
        auto &progress = *static_cast<Progress *>(user);
        EXPECT_EQ(std::this_thread::get_id(), progress.thread) << "the caller's thread";
        progress.seen.push_back(done);
        return done >= progress.cancel_from ? 1 : 0;
    };
    for (const char *name : {"tiny-llama-f32.gguf", "tiny-bert.gguf"}) {
        Progress whole{{}, 2.0F, std::this_thread::get_id()};
        llmodel_model *model = nullptr;
        llmodel_error *error = nullptr;
        ASSERT_EQ(llmodel_open(model_path(name).c_str(), nullptr, report, &whole, &model, &error), LLMODEL_OK);
        llmodel_close(model);
        ASSERT_FALSE(whole.seen.empty()) << name;
        EXPECT_TRUE(std::is_sorted(whole.seen.begin(), whole.seen.end())) << name;
        EXPECT_GE(whole.seen.front(), 0.0F);
        EXPECT_FLOAT_EQ(whole.seen.back(), 1.0F) << name;

        for (const float from : {0.0F, 0.5F}) {
            Progress cut{{}, from, std::this_thread::get_id()};
            model = nullptr;
            const llmodel_status status = llmodel_open(model_path(name).c_str(), nullptr, report, &cut, &model, &error);
            EXPECT_EQ(take(status, error).status, LLMODEL_CANCELLED) << name;
            EXPECT_EQ(model, nullptr);
            EXPECT_LT(cut.seen.size(), whole.seen.size() + 1);
        }
    }
}

TEST(Lifecycle, ClosingInTheMidstWakesThoseWhoWait) {
    const TinyLlama model(json{{"n_ctx", 2048}, {"n_parallel", 2}});
    std::vector<Task> tasks;
    tasks.reserve(5);
    for (int i = 0; i < 4; ++i) {
        tasks.push_back(
            model.start("complete", complete("the house is", {{"max_tokens", 1900}, {"ignore_eos", true}})));
    }
    tasks.push_back(model.start("embed", {{"input", json(300, std::string("the house is long"))}}));
    std::atomic<int> cancelled = 0;
    std::vector<std::thread> readers;
    readers.reserve(tasks.size());
    for (const Task &task : tasks) {
        readers.emplace_back([&] {
            const Answer answer = task.finish();
            cancelled += answer.status() == LLMODEL_CANCELLED ? 1 : 0;
        });
    }
    std::this_thread::sleep_for(50ms);
    std::thread closer([&] { model.close(); });
    model.close();
    closer.join();
    for (std::thread &reader : readers) {
        reader.join();
    }
    EXPECT_GE(cancelled, 4);

    llmodel_task *task = nullptr;
    EXPECT_EQ(model.submit("complete", complete("x"), &task).status, LLMODEL_CLOSED);
    EXPECT_EQ(task, nullptr);
    EXPECT_EQ(info(model.get()).status, LLMODEL_CLOSED);
    Event event;
    EXPECT_EQ(tasks[0].next(event).status, LLMODEL_CANCELLED);
}

TEST(Lifecycle, ModelsAndTasksAreFreedInAnyOrder) {
    for (int order = 0; order < 4; ++order) {
        llmodel_model *model = nullptr;
        ASSERT_EQ(llmodel_open(tiny_llama.c_str(), "{\"n_ctx\": 256}", nullptr, nullptr, &model, nullptr), LLMODEL_OK);
        llmodel_task *unread = nullptr;
        llmodel_task *finished = nullptr;
        ASSERT_EQ(llmodel_submit(model, "chat", chat("Hello").dump().c_str(), &unread, nullptr), LLMODEL_OK);
        ASSERT_EQ(llmodel_submit(model, "tokenize", "{\"content\": \"x\"}", &finished, nullptr), LLMODEL_OK);
        llmodel_event event{LLMODEL_EVENT_NONE, 0, nullptr, 0};
        while (event.kind != LLMODEL_EVENT_DONE) {
            ASSERT_EQ(llmodel_next(finished, -1, &event, nullptr), LLMODEL_OK);
        }
        if (order % 2 == 0) {
            llmodel_close(model);
        }
        llmodel_task_free(order < 2 ? unread : finished);
        llmodel_close(model);
        llmodel_task_free(order < 2 ? finished : unread);
        llmodel_task_free(finished);
        EXPECT_EQ(llmodel_next(finished, 0, &event, nullptr), LLMODEL_CLOSED);
        llmodel_cancel(finished);
        llmodel_close(model);
    }
}

TEST(Lifecycle, NullArgumentsAreTypedErrors) {
    const TinyLlama model;
    char *text = nullptr;
    llmodel_model *opened = nullptr;
    llmodel_task *task = nullptr;
    llmodel_event event;
    const auto refused = [](auto call) {
        llmodel_error *error = nullptr;
        const llmodel_status status = call(&error);
        EXPECT_EQ(take(status, error).status, LLMODEL_INVALID_ARGUMENT);
        EXPECT_EQ(call(nullptr), LLMODEL_INVALID_ARGUMENT);
    };
    using E = llmodel_error **;
    const char *path = tiny_llama.c_str();
    refused([&](E e) { return llmodel_devices(nullptr, e); });
    refused([&](E e) { return llmodel_inspect(nullptr, nullptr, &text, e); });
    refused([&](E e) { return llmodel_inspect(path, nullptr, nullptr, e); });
    refused([&](E e) { return llmodel_open(nullptr, nullptr, nullptr, nullptr, &opened, e); });
    refused([&](E e) { return llmodel_open(path, nullptr, nullptr, nullptr, nullptr, e); });
    refused([&](E e) { return llmodel_info(model.get(), nullptr, e); });
    refused([&](E e) { return llmodel_save_state(model.get(), nullptr, nullptr, &text, e); });
    refused([&](E e) { return llmodel_restore_state(model.get(), nullptr, nullptr, &text, e); });
    refused([&](E e) { return llmodel_submit(model.get(), nullptr, "{}", &task, e); });
    refused([&](E e) { return llmodel_submit(model.get(), "chat", nullptr, &task, e); });
    refused([&](E e) { return llmodel_submit(model.get(), "adapters", "{}", nullptr, e); });
    refused([&](E e) { return llmodel_next(nullptr, 0, nullptr, e); });
    refused([&](E e) { return llmodel_quantize(nullptr, "x", "{}", nullptr, nullptr, &text, e); });
    refused([&](E e) { return llmodel_quantize(path, nullptr, "{}", nullptr, nullptr, &text, e); });
    refused([&](E e) { return llmodel_imatrix(nullptr, "x", "{}", nullptr, nullptr, &text, e); });
    refused([&](E e) { return llmodel_imatrix(path, nullptr, "{}", nullptr, nullptr, &text, e); });
    EXPECT_EQ(text, nullptr);
    EXPECT_EQ(opened, nullptr);
    EXPECT_EQ(task, nullptr);

    EXPECT_EQ(llmodel_info(nullptr, &text, nullptr), LLMODEL_CLOSED);
    EXPECT_EQ(llmodel_submit(nullptr, "chat", "{}", &task, nullptr), LLMODEL_CLOSED);
    EXPECT_EQ(llmodel_next(nullptr, 0, &event, nullptr), LLMODEL_CLOSED);
    EXPECT_EQ(llmodel_save_state(nullptr, "x", nullptr, nullptr, nullptr), LLMODEL_CLOSED);
    EXPECT_EQ(llmodel_restore_state(nullptr, "x", nullptr, nullptr, nullptr), LLMODEL_CLOSED);
    llmodel_close(nullptr);
    llmodel_cancel(nullptr);
    llmodel_task_free(nullptr);
    llmodel_error_free(nullptr);
    llmodel_string_free(nullptr);
    llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_DEBUG);
    EXPECT_EQ(llmodel_error_status(nullptr), LLMODEL_INTERNAL);
    EXPECT_STRNE(llmodel_error_message(nullptr), "");
    EXPECT_STREQ(llmodel_error_detail(nullptr), "{}");
}

TEST(Lifecycle, MadeUpHandlesAreClosed) {
    const TinyLlama model;
    const Task task = model.start("tokenize", {{"content", "x"}});
    int on_the_stack = 0;
    for (const uintptr_t address : {reinterpret_cast<uintptr_t>(&on_the_stack), uintptr_t{1}, ~uintptr_t{0},
                                    reinterpret_cast<uintptr_t>(task.get()) + 1}) {
        void *made_up = reinterpret_cast<void *>(address); // NOLINT(performance-no-int-to-ptr)
        llmodel_event event;
        EXPECT_EQ(llmodel_next(static_cast<llmodel_task *>(made_up), 0, &event, nullptr), LLMODEL_CLOSED);
        llmodel_cancel(static_cast<llmodel_task *>(made_up));
        llmodel_task_free(static_cast<llmodel_task *>(made_up));
        EXPECT_EQ(info(static_cast<llmodel_model *>(made_up)).status, LLMODEL_CLOSED);
        llmodel_close(static_cast<llmodel_model *>(made_up));
    }
    expect_works(model);
}

/** Runs `body` in a child; its exit status is the number that `body` returns. */
template<typename Body> int in_child(Body body) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        _exit(body());
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(Lifecycle, AChildHasNoneOfItsParentsHandles) {
    const TinyLlama model;
    const Task task = model.start("complete", complete("the house is", {{"max_tokens", 5}}));
    const int failed = in_child([&] {
        llmodel_event event;
        char *text = nullptr;
        llmodel_task *another = nullptr;
        llmodel_cancel(task.get());
        llmodel_task_free(task.get());
        llmodel_close(model.get());
        return (llmodel_next(task.get(), -1, &event, nullptr) != LLMODEL_CLOSED ? 1 : 0) |
               (llmodel_info(model.get(), &text, nullptr) != LLMODEL_CLOSED ? 2 : 0) |
               (llmodel_submit(model.get(), "adapters", "{}", &another, nullptr) != LLMODEL_CLOSED ? 4 : 0);
    });
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(task.finish().status(), LLMODEL_OK) << "what the child does is its own";
    expect_works(model);
}

TEST(Lifecycle, AChildOpensItsOwn) {
    if (sanitized) {
        GTEST_SKIP() << "sanitizers do not allow threads after fork() in a process that had some";
    }
    const TinyLlama model;
    expect_works(model);
    const int failed = in_child([] {
        llmodel_model *own = nullptr;
        llmodel_task *task = nullptr;
        if (llmodel_open(tiny_llama.c_str(), "{\"n_ctx\": 256}", nullptr, nullptr, &own, nullptr) != LLMODEL_OK) {
            return 1;
        }
        if (llmodel_submit(own, "complete", "{\"prompt\": \"x\", \"max_tokens\": 3}", &task, nullptr) != LLMODEL_OK) {
            return 2;
        }
        llmodel_event event{LLMODEL_EVENT_NONE, 0, nullptr, 0};
        while (event.kind != LLMODEL_EVENT_DONE) {
            if (llmodel_next(task, -1, &event, nullptr) != LLMODEL_OK) {
                return 3;
            }
        }
        llmodel_task_free(task);
        llmodel_close(own);
        return 0;
    });
    EXPECT_EQ(failed, 0);
    expect_works(model);
}

TEST(Lifecycle, ProcessesMayEndWithEverythingOpen) {
    if (sanitized) {
        GTEST_SKIP() << "what is open is reported as leaked";
    }
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(
        {
            llmodel_model *model = nullptr;
            llmodel_task *task = nullptr;
            llmodel_open(tiny_llama.c_str(), nullptr, nullptr, nullptr, &model, nullptr);
            llmodel_submit(model, "complete", "{\"prompt\": \"x\", \"ignore_eos\": true}", &task, nullptr);
            std::this_thread::sleep_for(30ms);
            std::exit(7);
        },
        testing::ExitedWithCode(7), "^$");
}

} // namespace
