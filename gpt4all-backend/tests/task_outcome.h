#pragma once

#include "api_fixture.h"

#include <map>
#include <string>
#include <vector>

/** What embed, rerank or score gave, or how it failed. */
struct TaskOutcome {
    explicit TaskOutcome(const api::Answer &answer)
        : status(answer.status()), message(answer.failure.message), detail(answer.failure.detail),
          result(answer.result) {
        for (const api::Event &event : answer.events) {
            if (event.kind == LLMODEL_EVENT_PROGRESS) {
                progress.push_back(api::json::parse(event.data));
            } else if (event.kind == LLMODEL_EVENT_EMBEDDING || event.kind == LLMODEL_EVENT_LOGPROBS) {
                const auto *values = reinterpret_cast<const float *>(event.data.data());
                floats[event.index].assign(values, values + event.data.size() / sizeof(float));
                order.push_back(event.index);
            }
        }
    }

    llmodel_status status;
    std::string message;
    api::json detail;
    api::json result;
    std::map<int, std::vector<float>> floats; // by the event's index
    std::vector<int> order;                   // in which they came
    std::vector<api::json> progress;
};

/** A model of the corpus. */
class OpenModel : public api::Model {
  public:
    explicit OpenModel(const std::string &name, const api::json &options = api::json::object())
        : api::Model(api::model_path(name), options) {}
};

/** Runs an operation to its end. */
inline TaskOutcome run_task(const OpenModel &model, const char *operation, const api::json &request) {
    return TaskOutcome(model.run(operation, request));
}
