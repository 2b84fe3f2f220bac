#include "threads/thread_governor.h"

#include "llama.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace llmodel {

namespace {

using Clock = std::chrono::steady_clock;

// With many processors the reading takes long.
constexpr auto rest_after_reading = 100;

// A processor of which we would get less than this is not worth a thread.
constexpr double worthwhile = 0.6;

// Larger batches wait for each other so rarely that every part of a processor is a gain (measured: from 64 on).
constexpr uint32_t small_batch = 32;

thread_local bool adaptive = false;

ThreadGovernor &governor() {
    static ThreadGovernor the;
    return the;
}

int32_t threads_now(int32_t planned, uint32_t n_tokens) {
    return adaptive ? governor().threads(planned, n_tokens) : planned;
}

} // namespace

ThreadGovernor::ThreadGovernor(std::function<std::optional<CpuTimes>()> read, std::chrono::milliseconds window)
    : read_(std::move(read)), window_(window) {}

int32_t ThreadGovernor::threads(int32_t planned, uint32_t n_tokens) {
    if (planned <= 1 || n_tokens > small_batch) {
        return planned;
    }
    if (Clock::now().time_since_epoch().count() >= next_.load(std::memory_order_relaxed)) {
        sample();
    }
    return static_cast<int32_t>(std::clamp<double>(limit_.load(std::memory_order_relaxed), 1, planned));
}

void ThreadGovernor::sample() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) {
        return; // another thread is doing it
    }
    const auto begin = Clock::now();
    const std::optional<CpuTimes> now = read_();
    if (now && last_ && now->wall > last_->wall) {
        // what we had, and what nobody had
        const double had = now->process - last_->process;
        const double left = now->idle - last_->idle;
        const double free = (had + left) / (now->wall - last_->wall);
        free_ = free_ < 0 ? free : (free_ + free) / 2;
        limit_ = std::floor(free_ + 1 - worthwhile);
    }
    last_ = now;
    const auto end = Clock::now();
    next_ = (end + std::max<Clock::duration>(window_, (end - begin) * rest_after_reading)).time_since_epoch().count();
}

AdaptiveThreads::AdaptiveThreads(bool on) : before_(std::exchange(adaptive, on)) {}

AdaptiveThreads::~AdaptiveThreads() {
    adaptive = before_;
}

void install_thread_governor() {
    llama_n_threads_hook = threads_now;
}

} // namespace llmodel
