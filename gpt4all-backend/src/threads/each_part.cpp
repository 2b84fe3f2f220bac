#include "threads/each_part.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace llmodel {

bool for_each_part(std::size_t count, const std::function<std::function<bool(std::size_t)>()> &begin,
                   const std::function<bool(float)> &progress) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> ended{false};
    std::exception_ptr failure;
    std::mutex mutex;
    const auto work = [&](const std::function<bool(float)> &report) {
        try {
            const std::function<bool(std::size_t)> step = begin();
            for (std::size_t number = next++; number < count && !ended; number = next++) {
                const float done = static_cast<float>(number) / static_cast<float>(count);
                if (!step(number) || (report && !report(done))) {
                    ended = true;
                }
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            failure = failure ? failure : std::current_exception();
            ended = true;
        }
    };
    {
        const std::size_t most = std::min<std::size_t>(std::max(std::thread::hardware_concurrency(), 1U), count);
        std::vector<std::jthread> others;
        try {
            while (others.size() + 1 < most) {
                others.emplace_back(work, nullptr);
            }
        } catch (const std::system_error &) { // NOLINT(bugprone-empty-catch): as many as there can be
        }
        work(progress);
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return !ended;
}

} // namespace llmodel
