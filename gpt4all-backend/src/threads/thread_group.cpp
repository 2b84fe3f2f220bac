#include "threads/thread_group.h"

#include "error.h"
#include "platform/detached_thread.h"

#include <system_error>
#include <utility>

namespace llmodel {

namespace {

// Virtual memory only; pages are used as they are touched.
constexpr size_t stack_bytes = size_t{64} << 20;

} // namespace

void ThreadGroup::run(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        ++running_;
    }
    const std::error_code failure = start_detached_thread(stack_bytes, [this, work = std::move(work)]() mutable {
        work();
        work = nullptr; // what it holds must be gone before the group is told to be idle
        const std::lock_guard lock(mutex_);
        if (--running_ == 0) {
            idle_.notify_all();
        }
    });
    if (failure) {
        const std::lock_guard lock(mutex_);
        --running_;
        throw Error(LLMODEL_OUT_OF_MEMORY, "no thread could be started: " + failure.message() +
                                               "; close other programs or raise the limit on threads");
    }
}

void ThreadGroup::wait() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
}

} // namespace llmodel
