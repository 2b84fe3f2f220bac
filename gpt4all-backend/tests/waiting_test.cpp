// What waiting for a result costs, however many others wait.
#include "api_fixture.h"

#include <sys/resource.h>

#include <atomic>
#include <thread>

namespace {

using namespace api;

#ifdef RUSAGE_THREAD
/** How often this thread has gone to sleep. */
long sleeps() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

TEST(Waiting, NobodyIsWokenByResultsOfOthers) {
    constexpr int waiting = 8;
    constexpr int tokens = 400;
    const TinyLlama model(json{{"n_parallel", 1}});
    const Task served = model.start("complete", complete("the house", {{"ignore_eos", true}, {"max_tokens", tokens}}));
    Event event;
    while (event.kind != LLMODEL_EVENT_TEXT) { // it has the only slot
        ASSERT_EQ(served.next(event).status, LLMODEL_OK);
    }
    std::atomic<long> woken = 0;
    std::vector<std::thread> threads;
    threads.reserve(waiting);
    for (int i = 0; i < waiting; ++i) {
        threads.emplace_back([&] {
            const Task task = model.start("complete", complete("the", {{"ignore_eos", true}, {"max_tokens", 1}}));
            Event own;
            EXPECT_EQ(task.next(own).status, LLMODEL_OK); // that it has started
            const long before = sleeps();
            EXPECT_EQ(task.next(own).status, LLMODEL_OK);
            woken += sleeps() - before;
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(served.finish().status(), LLMODEL_OK);
    EXPECT_LT(woken, tokens) << "each of the tokens may wake one thread, the one that it is for";
}
#endif

} // namespace
