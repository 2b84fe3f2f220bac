#pragma once

#include "backends/workers.h"
#include "tasks/task.h"

#include <memory>
#include <utility>

namespace llmodel {

/** A request to a model that is partly on other machines: its failure is theirs if one of them was lost. */
class RemoteTask final : public Task {
  public:
    RemoteTask(std::shared_ptr<Task> task, std::shared_ptr<const Workers> workers)
        : task_(std::move(task)), workers_(std::move(workers)) {}

    const Event *next(const Deadline &deadline) override {
        try {
            return task_->next(deadline);
        } catch (const Error &error) {
            throw workers_->explain(error);
        }
    }
    void cancel() noexcept override { task_->cancel(); }
    void detach() noexcept override { task_->detach(); }

  private:
    std::shared_ptr<Task> task_;
    std::shared_ptr<const Workers> workers_;
};

} // namespace llmodel
