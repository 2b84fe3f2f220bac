#include "threads.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace gpt4all {

namespace {

constexpr std::chrono::seconds idle_time{5};

struct Pool {
    std::mutex mutex;
    std::condition_variable added;
    std::deque<std::function<void()>> work;
    size_t idle = 0;
};

// Never destroyed: threads may still wait in it when the process ends.
Pool &pool() {
    static Pool *const only = new Pool;
    return *only;
}

void run(Pool &pool) {
    std::unique_lock lock(pool.mutex);
    for (;;) {
        if (pool.work.empty()) {
            ++pool.idle;
            pool.added.wait_for(lock, idle_time, [&pool] { return !pool.work.empty(); });
            --pool.idle;
            if (pool.work.empty()) {
                return;
            }
        }
        auto work = std::move(pool.work.front());
        pool.work.pop_front();
        lock.unlock();
        work();
        work = nullptr; // what it holds must not live until the next
        lock.lock();
    }
}

} // namespace

void run_on_thread(std::function<void()> work) {
    Pool &all = pool();
    const std::lock_guard lock(all.mutex);
    if (all.work.size() >= all.idle) {
        std::thread([&all] { run(all); }).detach(); // first, since it may fail
    }
    all.work.push_back(std::move(work));
    all.added.notify_one();
}

} // namespace gpt4all
