#include "task.h"

#include "json/parse.h"

#include <new>
#include <pthread.h>
#include <system_error>

namespace llmodel {

namespace {

// Rows of log-probabilities are large: half a megabyte each for a vocabulary of 128,000.
constexpr size_t max_queued_events = 64;

// Virtual memory only; pages are used as they are touched.
constexpr size_t stack_bytes = size_t{64} << 20;

} // namespace

Error cancelled_error() {
    return Error(LLMODEL_CANCELLED, "the request was cancelled");
}

Error current_error() {
    try {
        throw;
    } catch (const Error &error) {
        return error;
    } catch (const std::bad_alloc &) {
        return Error(LLMODEL_OUT_OF_MEMORY, "there is not enough memory for this request");
    } catch (const std::exception &error) {
        return Error(LLMODEL_INTERNAL, error.what());
    } catch (...) {
        return Error(LLMODEL_INTERNAL, "an exception of unknown type was thrown");
    }
}

void EventSink::emit_json(llmodel_event_kind kind, int32_t index, const json &value) {
    emit(kind, index, dump_json(value));
}

void EventSink::emit_floats(llmodel_event_kind kind, int32_t index, const float *values, size_t count) {
    emit(kind, index, std::string(reinterpret_cast<const char *>(values), count * sizeof(float)));
}

void EventSink::throw_if_cancelled() const {
    if (cancelled()) {
        throw cancelled_error();
    }
}

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

void ThreadGroup::run(std::function<void()> work) {
    struct Start {
        ThreadGroup *group;
        std::function<void()> work;
    };
    auto start = std::make_unique<Start>(Start{this, std::move(work)});

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);

    {
        const std::lock_guard lock(mutex_);
        ++running_;
    }
    pthread_t thread{};
    const int failure = pthread_create(
        &thread, &attributes,
        [](void *argument) -> void * {
            const std::unique_ptr<Start> taken(static_cast<Start *>(argument));
            taken->work();
            taken->work = nullptr; // what it holds must be gone before the group is told to be idle
            const std::lock_guard lock(taken->group->mutex_);
            if (--taken->group->running_ == 0) {
                taken->group->idle_.notify_all();
            }
            return nullptr;
        },
        start.get());
    pthread_attr_destroy(&attributes);

    if (failure != 0) {
        const std::lock_guard lock(mutex_);
        --running_;
        throw Error(LLMODEL_OUT_OF_MEMORY, "no thread could be started: " + std::generic_category().message(failure) +
                                               "; close other programs or raise the limit on threads");
    }
    // the thread owns it from here on
    static_cast<void>(start.release()); // NOLINT(bugprone-unused-return-value)
}

void ThreadGroup::wait() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
}

std::shared_ptr<Task> run_operation(ThreadGroup &threads, std::function<void(EventSink &)> operation) {
    auto task = std::make_shared<QueueTask>();
    threads.run([task, operation = std::move(operation)] {
        try {
            task->emit(LLMODEL_EVENT_STARTED, 0, {});
            operation(*task);
            task->finish();
        } catch (...) {
            task->fail(current_error());
        }
    });
    return task;
}

} // namespace llmodel
