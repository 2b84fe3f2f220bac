#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace llmodel {

/** Until when to wait; none means for as long as it takes. */
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

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

} // namespace llmodel
