#include "legacy/background_writer.h"

#include <utility>

namespace llmodel::legacy {

namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;
constexpr std::size_t most_waiting = 2; // pieces

} // namespace

BackgroundWriter::BackgroundWriter(TemporaryFile &file) : file_(file), thread_([this] { run(); }) {}

BackgroundWriter::~BackgroundWriter() {
    stop(false);
}

void BackgroundWriter::append(std::span<const std::byte> bytes) {
    gathered_.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    if (gathered_.size() < piece_bytes) {
        return;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < most_waiting || failure_; });
    if (failure_) {
        std::rethrow_exception(failure_);
    }
    waiting_.push_back(std::exchange(gathered_, {}));
    lock.unlock();
    changed_.notify_all();
}

void BackgroundWriter::finish() {
    stop(true);
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

void BackgroundWriter::stop(bool write_the_rest) {
    {
        const std::lock_guard lock(mutex_);
        if (write_the_rest) {
            waiting_.push_back(std::exchange(gathered_, {}));
        } else {
            waiting_.clear();
        }
        is_ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void BackgroundWriter::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !waiting_.empty() || is_ending_; });
        if (waiting_.empty()) {
            return;
        }
        const std::string piece = std::move(waiting_.front());
        lock.unlock();
        try {
            file_.append(piece);
        } catch (...) {
            lock.lock();
            failure_ = std::current_exception();
            changed_.notify_all();
            return;
        }
        lock.lock();
        if (!waiting_.empty()) {
            waiting_.pop_front(); // only now, so that it counts as held
        }
        changed_.notify_all();
    }
}

} // namespace llmodel::legacy
