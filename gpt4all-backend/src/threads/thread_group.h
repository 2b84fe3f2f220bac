#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace llmodel {

/** Threads with a stack that untrusted templates, grammars and schemas cannot exhaust within the limits we set them.
 *  They run detached; wait() returns when the last has ended. */
class ThreadGroup {
  public:
    ~ThreadGroup() { wait(); }

    /** Throws Error(LLMODEL_OUT_OF_MEMORY) if no thread can be started. */
    void run(std::function<void()> work);
    void wait();

  private:
    std::mutex mutex_;
    std::condition_variable idle_;
    size_t running_ = 0;
};

} // namespace llmodel
