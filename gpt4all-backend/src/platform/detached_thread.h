#pragma once

#include <cstddef>
#include <functional>
#include <system_error>

namespace llmodel {

/** Runs `work`, which must not throw, on a thread with a stack of `stack_bytes` that nobody waits for. What goes wrong
 *  is returned; then `work` does not run. */
std::error_code start_detached_thread(size_t stack_bytes, std::function<void()> work);

} // namespace llmodel
