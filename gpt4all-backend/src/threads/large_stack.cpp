#include "threads/large_stack.h"

#include "threads/thread_group.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>

namespace llmodel {

void on_large_stack(const std::function<bool(float)> &progress,
                    const std::function<void(const std::function<bool(float)> &)> &work) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<float> reported;
    std::optional<bool> answer;
    bool done = false;
    std::exception_ptr failure;

    std::function<bool(float)> report;
    if (progress) {
        report = [&](float value) {
            std::unique_lock lock(mutex);
            answer.reset();
            reported = value;
            changed.notify_all();
            changed.wait(lock, [&] { return answer.has_value(); });
            return *answer;
        };
    }

    ThreadGroup thread;
    thread.run([&] {
        std::exception_ptr thrown;
        try {
            work(report);
        } catch (...) {
            thrown = std::current_exception();
        }
        const std::lock_guard lock(mutex);
        failure = thrown;
        done = true;
        changed.notify_all();
    });

    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [&] { return done || reported.has_value(); });
        if (!reported) {
            break;
        }
        const float value = *reported;
        reported.reset();
        lock.unlock();
        const bool go_on = progress(value);
        lock.lock();
        answer = go_on;
        changed.notify_all();
    }
    lock.unlock();
    thread.wait();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace llmodel
