#pragma once

#include <functional>

namespace llmodel {

/** Runs `work` on a thread whose stack untrusted input cannot exhaust, and returns when it is done, with its exception
 * if it threw one. What `work` reports goes to `progress` on the calling thread. */
void on_large_stack(const std::function<bool(float)> &progress,
                    const std::function<void(const std::function<bool(float)> &)> &work);

} // namespace llmodel
