// Everything at once, on few models, for the sanitizers: what is checked is mostly that they find nothing.
#include "api_fixture.h"

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

namespace {

using namespace api;
using namespace std::chrono_literals;

const json small = {{"n_ctx", 512}, {"n_batch", 64}, {"n_parallel", 4}, {"threads", 1}};

std::string random_request(std::minstd_rand &random, const char *&operation) {
    const auto words = [&] {
        std::string text;
        for (unsigned i = 0; i <= random() % 12; ++i) {
            text += "the house ";
        }
        return text;
    };
    switch (random() % 8) {
    case 0:
        operation = "embed";
        return json{{"input", {words(), words(), words()}}}.dump();
    case 1:
        operation = "score";
        return json{
            {"context", words()}, {"continuations", {" is", " was", " house"}}, {"logprob_rows", "continuation"}}
            .dump();
    case 2:
        operation = "tokenize";
        return json{{"content", words()}, {"with_pieces", true}}.dump();
    case 3:
        operation = "apply_template";
        return json{{"messages", chat(words())["messages"]}}.dump();
    case 4:
        operation = "complete";
        return complete(words(), {{"n", 2}, {"max_tokens", 6}, {"temperature", 1}, {"logprobs", 2}}).dump();
    default:
        operation = "chat";
        return chat(words(), {{"max_tokens", 12}, {"ignore_eos", true}}).dump();
    }
}

bool expected(llmodel_status status) {
    return status == LLMODEL_OK || status == LLMODEL_TIMEOUT || status == LLMODEL_CANCELLED || status == LLMODEL_CLOSED;
}

/** Reads some or all of a task and frees it, in one of the ways in which callers do. */
void consume(llmodel_task *task, std::minstd_rand &random) {
    const auto way = random() % 6;
    if (way == 0) {
        return llmodel_task_free(task);
    }
    std::thread canceller;
    if (way == 1) {
        const auto pause = std::chrono::milliseconds(random() % 20);
        canceller = std::thread([task, pause] {
            std::this_thread::sleep_for(pause);
            llmodel_cancel(task);
        });
    }
    const auto most = way == 2 ? random() % 4 : 100000;
    for (unsigned i = 0; i < most; ++i) {
        llmodel_event event;
        llmodel_error *error = nullptr;
        const llmodel_status status =
            llmodel_next(task, way == 3 ? static_cast<int32_t>(random() % 3) : -1, &event, &error);
        EXPECT_TRUE(expected(status)) << llmodel_error_message(error);
        llmodel_error_free(error);
        if (status > LLMODEL_TIMEOUT || event.kind == LLMODEL_EVENT_DONE) {
            break;
        }
    }
    if (canceller.joinable()) {
        canceller.join();
    }
    llmodel_task_free(task);
}

/** `threads` threads with `requests` requests each; the models are closed at `close_after`, or else at the end. */
void stress(const std::vector<std::string> &files, unsigned threads, unsigned requests,
            std::optional<std::chrono::milliseconds> close_after) {
    std::vector<llmodel_model *> models;
    for (const std::string &file : files) {
        llmodel_model *model = nullptr;
        llmodel_error *error = nullptr;
        ASSERT_EQ(llmodel_open(model_path(file).c_str(), small.dump().c_str(), nullptr, nullptr, &model, &error),
                  LLMODEL_OK)
            << llmodel_error_message(error);
        models.push_back(model);
    }
    std::atomic<unsigned> submitted = 0;
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
            std::minstd_rand random(t + 1);
            for (unsigned i = 0; i < requests; ++i) {
                const char *operation = nullptr;
                const std::string request = random_request(random, operation);
                llmodel_task *task = nullptr;
                llmodel_error *error = nullptr;
                const llmodel_status status =
                    llmodel_submit(models[random() % models.size()], operation, request.c_str(), &task, &error);
                EXPECT_TRUE(status == LLMODEL_OK || (close_after && status == LLMODEL_CLOSED))
                    << llmodel_error_message(error);
                llmodel_error_free(error);
                if (status == LLMODEL_OK) {
                    ++submitted;
                    consume(task, random);
                }
            }
        });
    }
    if (close_after) {
        std::this_thread::sleep_for(*close_after);
        for (llmodel_model *model : models) {
            llmodel_close(model);
        }
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    EXPECT_TRUE(close_after || submitted == threads * requests) << submitted;
    for (llmodel_model *model : models) {
        if (!close_after) {
            llmodel_task *task = nullptr;
            ASSERT_EQ(llmodel_submit(model, "complete", complete("the house is", {{"max_tokens", 8}}).dump().c_str(),
                                     &task, nullptr),
                      LLMODEL_OK);
            EXPECT_EQ(Task(task, "complete").finish().status(), LLMODEL_OK) << "the model still answers";
        }
        llmodel_close(model);
    }
}

TEST(Stress, OneModel) {
    stress({"tiny-llama-f32.gguf"}, 8, 12, std::nullopt);
}

TEST(Stress, TwoModels) {
    stress({"tiny-llama-f32.gguf", "tiny-llama-q8_0.gguf"}, 6, 8, std::nullopt);
}

TEST(Stress, ClosingInTheMidst) {
    for (const auto after : {0ms, 10ms, 40ms}) {
        stress({"tiny-llama-f32.gguf"}, 8, 8, after);
    }
}

TEST(Stress, ManyTasksReadByOneThread) {
    const TinyLlama model(small);
    std::vector<Task> tasks;
    tasks.reserve(64);
    for (int i = 0; i < 64; ++i) {
        tasks.push_back(model.start("complete", complete("the house", {{"max_tokens", 6}, {"ignore_eos", true}})));
    }
    for (const Task &task : tasks) {
        EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    }
}

/** 32 requests, of which three fit together, four of them for several choices; a third is cancelled or let go of. */
void share_little_room(json options, std::optional<std::chrono::milliseconds> close_after) {
    options.update({{"n_ctx", 256}, {"n_batch", 32}, {"threads", 1}});
    const TinyLlama model(options);
    std::atomic<int> whole = 0;
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < 8; ++t) {
        workers.emplace_back([&, t] {
            std::minstd_rand random(t + 1);
            std::vector<Task> tasks;
            for (int i = 0; i < 4; ++i) {
                const json fields = {{"max_tokens", 60}, {"ignore_eos", true}, {"n", i == 3 && t % 2 == 0 ? 3 : 1}};
                llmodel_task *task = nullptr;
                const Failure failure =
                    model.submit("complete", complete("the house " + std::to_string(4 * t + i), fields), &task);
                EXPECT_TRUE(failure.status == LLMODEL_OK || (close_after && failure.status == LLMODEL_CLOSED));
                if (failure.status == LLMODEL_OK) {
                    tasks.emplace_back(task, "complete");
                }
            }
            for (size_t i = 0; i < tasks.size(); ++i) {
                if (random() % 3 == 0) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
                    if (random() % 2 == 0) {
                        tasks[i].cancel();
                    }
                    const Task gone = std::move(tasks[i]);
                    continue;
                }
                const Answer answer = tasks[i].finish();
                if (close_after && answer.status() != LLMODEL_OK) {
                    EXPECT_TRUE(expected(answer.status())) << answer.failure.message;
                    continue;
                }
                ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
                for (const json &choice : answer.result["choices"]) {
                    EXPECT_EQ(choice["finish_reason"], "length");
                }
                EXPECT_EQ(answer.result["usage"]["completion_tokens"], 60 * answer.result["choices"].size());
                ++whole;
            }
        });
    }
    if (close_after) {
        std::this_thread::sleep_for(*close_after);
        model.close();
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    if (!close_after) {
        EXPECT_GT(whole, 10);
        expect_works(model);
    }
}

TEST(Stress, SavingWhileOthersGenerate) {
    const TinyLlama model(small);
    const TemporaryFolder folder;
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < 8; ++t) {
        workers.emplace_back([&, t] {
            std::minstd_rand random(t + 1);
            const json saving = {{"path", folder.file(std::to_string(t))},
                                 {"chat", chat("house " + std::to_string(t))}};
            for (int i = 0; i < 8; ++i) {
                if (random() % 2 == 0) {
                    consume(model.start("save_state", saving).release(), random);
                } else {
                    EXPECT_EQ(model.run("chat", chat("the house", {{"ignore_eos", true}})).status(), LLMODEL_OK);
                }
            }
            EXPECT_EQ(model.run("save_state", saving).status(), LLMODEL_OK);
        });
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    EXPECT_EQ(folder.files_once_down_to(8), 8U);
}

TEST(Stress, RoomForThreeOfThirtyTwo) {
    const json draft = {{"path", model_path("tiny-llama-f32.gguf")}, {"n_max", 4}};
    for (const json &options :
         {json{{"n_parallel", 4}}, json{{"n_parallel", 16}}, json{{"n_parallel", 8}, {"cache_ram_mib", 0}},
          json{{"n_parallel", 8}, {"context_shift", true}}, json{{"n_parallel", 4}, {"kv_unified", false}},
          json{{"n_parallel", 8}, {"draft", draft}}}) {
        SCOPED_TRACE(options);
        share_little_room(options, std::nullopt);
    }
}

TEST(Stress, ClosingWhileSomeAreSetAside) {
    for (const auto after : {1ms, 20ms, 100ms}) {
        share_little_room({{"n_parallel", 8}}, after);
        share_little_room({{"n_parallel", 8}, {"cache_ram_mib", 0}}, after);
    }
}

TEST(Stress, LoggingIsSwitchedWhileModelsRun) {
    const TinyLlama model(small);
    std::atomic<bool> over = false;
    std::atomic<size_t> messages = 0;
    std::thread switcher([&] {
        while (!over) {
            llmodel_set_log(
                [](llmodel_log_level, const char *, void *user) { ++*static_cast<std::atomic<size_t> *>(user); },
                &messages, LLMODEL_LOG_DEBUG);
            std::this_thread::sleep_for(1ms);
            llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_NONE);
        }
    });
    for (int i = 0; i < 5; ++i) {
        expect_works(model);
    }
    over = true;
    switcher.join();
}

TEST(Stress, OpeningAtTheSameTime) {
    std::vector<std::thread> openers;
    openers.reserve(4);
    for (int i = 0; i < 4; ++i) {
        openers.emplace_back([] {
            const TinyLlama model(small);
            expect_works(model);
        });
    }
    for (std::thread &opener : openers) {
        opener.join();
    }
}

} // namespace
