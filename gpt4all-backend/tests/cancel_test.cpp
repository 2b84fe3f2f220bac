#include "api_fixture.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

namespace {

using namespace api;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

class Cancel : public testing::Test {
  protected:
    TinyLlama model{json{{"n_ctx", 2048}, {"n_parallel", 2}}};

    static json long_answer() { return complete("the house is", {{"max_tokens", 1500}, {"ignore_eos", true}}); }
    static json long_prompt() {
        json ids = json::array();
        for (int i = 0; i < 2000; ++i) {
            ids.push_back(300 + i % 200);
        }
        return complete(ids, {{"max_tokens", 1}, {"cache_prompt", false}, {"return_progress", true}});
    }

    static void expect_cancelled(const Task &task) {
        for (int i = 0; i < 2; ++i) {
            Event event;
            EXPECT_EQ(task.next(event, 5000).status, LLMODEL_CANCELLED) << "again at every later call";
            EXPECT_EQ(event.kind, LLMODEL_EVENT_NONE);
        }
    }
};

TEST_F(Cancel, BeforeTheFirstEvent) {
    for (int i = 0; i < 20; ++i) {
        const Task task = model.start("complete", long_answer());
        task.cancel();
        expect_cancelled(task);
    }
    expect_works(model);
}

TEST_F(Cancel, WakesAThreadThatWaitsDuringALongPrompt) {
    // The best of several: what else the machine does must not fail the test.
    double best = 1e9;
    double best_free = 1e9;
    int woken_count = 0;
    for (int i = 0; i < 50 && woken_count < 5; ++i) {
        const Task task = model.start("complete", long_prompt());
        Event event;
        ASSERT_EQ(task.next(event).status, LLMODEL_OK);
        while (event.kind != LLMODEL_EVENT_PROGRESS) {
            ASSERT_EQ(task.next(event).status, LLMODEL_OK);
        }
        Clock::time_point cancelled;
        std::thread canceller([&] {
            std::this_thread::sleep_for(5ms);
            cancelled = Clock::now();
            task.cancel();
        });
        Failure failure;
        do {
            failure = task.next(event);
        } while (failure.status == LLMODEL_OK && event.kind != LLMODEL_EVENT_DONE);
        const auto woken = Clock::now();
        canceller.join();
        if (failure.status == LLMODEL_OK) {
            continue; // the machine was faster than the canceller
        }
        ++woken_count;
        EXPECT_EQ(failure.status, LLMODEL_CANCELLED);
        best = std::min(best, std::chrono::duration<double, std::milli>(woken - cancelled).count());
        const auto start = Clock::now();
        EXPECT_EQ(model.run("complete", complete("x", {{"max_tokens", 1}})).status(), LLMODEL_OK);
        best_free = std::min(best_free, ms_since(start));
    }
    EXPECT_LT(best, 50.0) << "ms until llmodel_next() returned";
    EXPECT_LT(best_free, 500.0) << "ms until another request was answered; one batch and the answer";
}

TEST_F(Cancel, DuringGeneration) {
    const std::string expected = content_of(model.run("complete", complete("many people")));
    const Task task = model.start("complete", long_answer());
    Event event;
    int texts = 0;
    while (texts < 5) {
        ASSERT_EQ(task.next(event).status, LLMODEL_OK);
        texts += event.kind == LLMODEL_EVENT_TEXT ? 1 : 0;
    }
    task.cancel();
    task.cancel();
    expect_cancelled(task);
    EXPECT_EQ(content_of(model.run("complete", complete("many people"))), expected);
}

TEST_F(Cancel, AfterTheEndIsHarmless) {
    const Task task = model.start("complete", complete("the house is", {{"max_tokens", 3}}));
    EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    task.cancel();
    Event event;
    EXPECT_EQ(task.next(event).status, LLMODEL_OK);
    EXPECT_EQ(event.kind, LLMODEL_EVENT_DONE);
    llmodel_cancel(nullptr);
}

TEST_F(Cancel, OneOfTwoLeavesTheOtherAlone) {
    const std::string expected = content_of(model.run("complete", complete("many people", {{"max_tokens", 40}})));
    const Task other = model.start("complete", complete("many people", {{"max_tokens", 40}}));
    const Task task = model.start("complete", long_answer());
    Event event;
    ASSERT_EQ(task.next(event).status, LLMODEL_OK);
    task.cancel();
    EXPECT_EQ(content_of(other.finish()), expected);
    expect_cancelled(task);
}

TEST_F(Cancel, WaitingRequestsToo) {
    const Task first = model.start("complete", long_answer());
    const Task second = model.start("complete", long_answer());
    Event event;
    for (const Task *task : {&first, &second}) { // requests are prepared side by side: these are to be first
        do {
            ASSERT_EQ(task->next(event).status, LLMODEL_OK);
        } while (event.kind != LLMODEL_EVENT_TEXT);
    }
    const Task waiting = model.start("complete", long_answer());
    ASSERT_EQ(waiting.next(event).status, LLMODEL_OK);
    EXPECT_EQ(event.kind, LLMODEL_EVENT_STARTED);
    EXPECT_EQ(waiting.next(event, 20).status, LLMODEL_TIMEOUT) << "both slots are taken";
    waiting.cancel();
    expect_cancelled(waiting);
    first.cancel();
    second.cancel();
    expect_works(model);
}

TEST_F(Cancel, EveryOperation) {
    const std::string text(3000, 'x');
    const std::pair<const char *, json> requests[] = {
        {"embed", {{"input", json(200, std::string("the house is "))}}},
        {"score", {{"context", "the"}, {"continuations", json(500, std::string(" house"))}, {"logprob_rows", "all"}}},
        {"tokenize", {{"content", text}}},
        {"apply_template", {{"messages", chat(text)["messages"]}}},
        {"adapters", json::object()},
    };
    for (const auto &[operation, request] : requests) {
        const Task task = model.start(operation, request);
        task.cancel();
        Event event;
        Failure failure = task.next(event, 10000);
        while (failure.status == LLMODEL_OK && event.kind != LLMODEL_EVENT_DONE) {
            failure = task.next(event, 10000);
        }
        EXPECT_TRUE(failure.status == LLMODEL_CANCELLED || event.kind == LLMODEL_EVENT_DONE) << operation;
    }
    expect_works(model);
}

TEST_F(Cancel, TimeoutsAreKept) {
    std::optional<Task> task;
    Event event;
    bool timed_out = false;
    for (int attempt = 0; attempt < 50 && !timed_out;
         ++attempt) { // on a busy machine it may be done before it is asked
        task.emplace(model.start("complete", long_prompt()));
        do {
            const auto start = Clock::now();
            const Failure failure = task->next(event, 0);
            ASSERT_TRUE(failure.status == LLMODEL_OK || failure.status == LLMODEL_TIMEOUT) << failure.message;
            timed_out = failure.status == LLMODEL_TIMEOUT;
            EXPECT_LT(ms_since(start), sanitized ? 5000 : 1000);
        } while (!timed_out && event.kind != LLMODEL_EVENT_DONE);
    }
    ASSERT_TRUE(timed_out);
    EXPECT_EQ(event.kind, LLMODEL_EVENT_NONE);
    const auto start = Clock::now();
    Failure failure;
    do {
        failure = task->next(event, 20);
        if (failure.status == LLMODEL_TIMEOUT) {
            EXPECT_GE(ms_since(start), 19);
        }
    } while (failure.status != LLMODEL_TIMEOUT && event.kind != LLMODEL_EVENT_DONE);
    EXPECT_EQ(task->finish().status(), LLMODEL_OK) << "a timeout ends nothing";
}

TEST_F(Cancel, FreeingWithoutReading) {
    for (int i = 0; i < 30; ++i) {
        const Task task = model.start("complete", long_answer());
        if (i % 3 == 1) {
            std::this_thread::sleep_for(3ms);
        } else if (i % 3 == 2) {
            Event event;
            EXPECT_EQ(task.next(event).status, LLMODEL_OK);
        }
    }
    expect_works(model);
}

} // namespace
