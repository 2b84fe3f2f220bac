#pragma once

#include "tasks/event_sink.h"
#include "tasks/task.h"
#include "threads/thread_group.h"

#include <functional>
#include <memory>

namespace llmodel {

/** Runs `operation` on a thread of `threads` and returns the task through which its events come. */
std::shared_ptr<Task> run_operation(ThreadGroup &threads, std::function<void(EventSink &)> operation);

} // namespace llmodel
