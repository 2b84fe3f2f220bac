#pragma once

#include "error.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace llmodel {

struct Event {
    llmodel_event_kind kind = LLMODEL_EVENT_NONE;
    int32_t index = 0;
    std::string data;
};

/** Until when to wait; none means for as long as it takes. */
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/** A request under way, as llmodel_next() sees it. */
class Task {
  public:
    virtual ~Task() = default;

    /** The next event, valid until the next call, or nullptr at the deadline. After the last event it is DONE for ever;
     *  after a failure the same Error is thrown for ever. One thread at a time. */
    virtual const Event *next(const Deadline &deadline) = 0;

    /** From any thread: wakes the waiting one with an Error of LLMODEL_CANCELLED. */
    virtual void cancel() noexcept = 0;

    /** After cancel(): waits for the consumer to leave next(), and lets go of the model. */
    virtual void detach() noexcept {}
};

/** Where an operation that runs on a thread of its own puts its events. */
class EventSink {
  public:
    virtual ~EventSink() = default;

    /** Blocks while the consumer lags far behind. Throws Error(LLMODEL_CANCELLED) once the task is cancelled. */
    virtual void emit(llmodel_event_kind kind, int32_t index, std::string data) = 0;

    virtual bool cancelled() const noexcept = 0;

    void emit_json(llmodel_event_kind kind, int32_t index, const json &value);
    void emit_floats(llmodel_event_kind kind, int32_t index, const float *values, size_t count);
    void throw_if_cancelled() const;
};

/** A task fed by another thread through a bounded queue. */
class QueueTask final : public Task, public EventSink {
  public:
    const Event *next(const Deadline &deadline) override;
    void cancel() noexcept override;

    void emit(llmodel_event_kind kind, int32_t index, std::string data) override;
    bool cancelled() const noexcept override { return cancelled_; }

    /** Ends the task well: DONE follows what was emitted. */
    void finish();
    /** Ends the task with an error, which follows what was emitted. */
    void fail(const Error &error);

  private:
    void end(std::optional<Error> error);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Event> queue_;
    std::optional<Error> error_;
    bool ended_ = false;
    std::atomic<bool> cancelled_ = false;
    Event current_;
};

/** Threads with a stack that untrusted templates, grammars and schemas cannot exhaust within the limits we set them.
 *  They run detached; wait() returns when the last has ended. */
class ThreadGroup {
  public:
    ~ThreadGroup() { wait(); }

    void run(std::function<void()> work);
    void wait();

  private:
    std::mutex mutex_;
    std::condition_variable idle_;
    size_t running_ = 0;
};

/** Runs `operation` on a thread of `threads` and returns the task through which its events come. */
std::shared_ptr<Task> run_operation(ThreadGroup &threads, std::function<void(EventSink &)> operation);

Error cancelled_error();

/** Waits on `variable` until `condition` holds; false if the deadline came first. */
template<typename Condition>
bool wait_until(std::condition_variable &variable, std::unique_lock<std::mutex> &lock, const Deadline &deadline,
                Condition condition) {
    if (deadline) {
        return variable.wait_until(lock, *deadline, condition);
    }
    variable.wait(lock, condition);
    return true;
}

/** What an exception that is being handled means to the caller: our own errors as they are, others typed. */
Error current_error();

} // namespace llmodel
