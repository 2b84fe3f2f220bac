#pragma once

#include "platform/cpu_times.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace llmodel {

/** How many threads are worth having while other programs keep processors busy. The threads of a graph wait for each
 * other hundreds of times per token: one that shares its processor holds up all the others, so that two threads beside
 * one busy neighbour are slower than one (docs/decisions/0004). */
class ThreadGovernor {
  public:
    /** Asks `read` at most every `window`, and not for more than a hundredth of the time. */
    explicit ThreadGovernor(std::function<std::optional<CpuTimes>()> read = read_cpu_times,
                            std::chrono::milliseconds window = std::chrono::milliseconds(100));

    /** From 1 to `planned`, for a graph of `n_tokens`. Any number of threads may ask. */
    int32_t threads(int32_t planned, uint32_t n_tokens);

  private:
    void sample();

    std::function<std::optional<CpuTimes>()> read_;
    std::chrono::milliseconds window_;
    std::mutex mutex_; // of what follows
    std::optional<CpuTimes> last_;
    double free_ = -1;                // processors available of late; below 0: not known yet
    std::atomic<double> limit_ = 1e9; // threads
    std::atomic<std::chrono::steady_clock::rep> next_ = 0;
};

/** While one lives, the thread governor decides for the graphs that this thread has llama.cpp compute, if `on`. */
class AdaptiveThreads {
  public:
    explicit AdaptiveThreads(bool on);
    ~AdaptiveThreads();
    AdaptiveThreads(const AdaptiveThreads &) = delete;
    AdaptiveThreads &operator=(const AdaptiveThreads &) = delete;

  private:
    bool before_;
};

/** Lets llama.cpp ask the governor. Call it before the first context is made. */
void install_thread_governor();

} // namespace llmodel
