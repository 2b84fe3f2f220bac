#pragma once

#include "error.h"
#include "tasks/event_sink.h"
#include "tasks/task.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace llmodel {

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

} // namespace llmodel
