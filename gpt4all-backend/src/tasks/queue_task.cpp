#include "tasks/queue_task.h"

#include <utility>

namespace llmodel {

namespace {

// Rows of log-probabilities are large: half a megabyte each for a vocabulary of 128,000.
constexpr size_t max_queued_events = 64;

} // namespace

const Event *QueueTask::next(const Deadline &deadline) {
    std::unique_lock lock(mutex_);
    const bool ready = wait_until(changed_, lock, deadline, [this] { return cancelled_ || ended_ || !queue_.empty(); });
    if (!ready) {
        return nullptr;
    }
    if (!queue_.empty() && !cancelled_) {
        current_ = std::move(queue_.front());
        queue_.pop_front();
        changed_.notify_all();
        return &current_;
    }
    if (ended_ && queue_.empty()) {
        if (error_) {
            throw *error_;
        }
        current_ = Event{.kind = LLMODEL_EVENT_DONE, .index = 0, .data = {}};
        return &current_;
    }
    throw cancelled_error();
}

void QueueTask::cancel() noexcept {
    const std::lock_guard lock(mutex_);
    if (!ended_) {
        cancelled_ = true;
        changed_.notify_all();
    }
}

void QueueTask::emit(llmodel_event_kind kind, int32_t index, std::string data) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return cancelled_ || queue_.size() < max_queued_events; });
    if (cancelled_) {
        throw cancelled_error();
    }
    queue_.push_back(Event{.kind = kind, .index = index, .data = std::move(data)});
    changed_.notify_all();
}

void QueueTask::finish() {
    end(std::nullopt);
}

void QueueTask::fail(const Error &error) {
    end(error);
}

void QueueTask::end(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    if (cancelled_) {
        queue_.clear();
        error = cancelled_error();
    }
    error_ = std::move(error);
    ended_ = true;
    changed_.notify_all();
}

} // namespace llmodel
