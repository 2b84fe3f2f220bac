#pragma once

#include "platform/temporary_file.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>

namespace llmodel::legacy {

/** Appends to a file in a thread of its own, so that the next weights are read and rewritten meanwhile. It holds a few
 *  megabytes at most: whichever side is faster waits. */
class BackgroundWriter {
  public:
    explicit BackgroundWriter(TemporaryFile &file);

    /** Leaves out what is not written yet, unless finish() was called. */
    ~BackgroundWriter();
    BackgroundWriter(const BackgroundWriter &) = delete;
    BackgroundWriter &operator=(const BackgroundWriter &) = delete;

    /** Throws what writing has thrown since. */
    void append(std::span<const std::byte> bytes);

    /** Waits until all is written. Throws what writing threw. */
    void finish();

  private:
    void run();
    void stop(bool write_the_rest);

    TemporaryFile &file_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> waiting_;
    std::string gathered_; /**< Small pieces, of the thread that calls. */
    std::exception_ptr failure_;
    bool is_ending_ = false;
    std::thread thread_;
};

} // namespace llmodel::legacy
