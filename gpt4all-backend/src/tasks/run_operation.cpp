#include "tasks/run_operation.h"

#include "tasks/queue_task.h"

#include <utility>

namespace llmodel {

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
