#pragma once

#include "llmodel.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/** The C API as the tests use it: handles that close themselves, and failures as values. */
namespace api {

using json = nlohmann::ordered_json;

inline std::string model_path(const std::string &name) { return std::string(TEST_MODELS "/") + name; }

struct Failure {
    llmodel_status status = LLMODEL_OK;
    std::string message;
    json detail;
};

inline Failure take(llmodel_status status, llmodel_error *error) {
    Failure failure{.status = status, .message = {}, .detail = json::object()};
    if (error != nullptr) {
        failure.message = llmodel_error_message(error);
        failure.detail = json::parse(llmodel_error_detail(error));
        EXPECT_EQ(llmodel_error_status(error), status);
        llmodel_error_free(error);
    }
    return failure;
}

struct Event {
    int kind = LLMODEL_EVENT_NONE;
    int index = 0;
    std::string data;
};

/** All that a task gave. */
struct Answer {
    Failure failure;
    std::vector<Event> events;
    json result;

    llmodel_status status() const { return failure.status; }

    std::string text(llmodel_event_kind kind = LLMODEL_EVENT_TEXT, int index = 0) const {
        std::string all;
        for (const Event &event : events) {
            if (event.kind == kind && event.index == index) {
                all += event.data;
            }
        }
        return all;
    }

    std::vector<std::vector<float>> rows(llmodel_event_kind kind) const {
        std::vector<std::vector<float>> all;
        for (const Event &event : events) {
            if (event.kind == kind) {
                const auto *values = reinterpret_cast<const float *>(event.data.data());
                all.emplace_back(values, values + event.data.size() / sizeof(float));
            }
        }
        return all;
    }
};

class Task {
  public:
    explicit Task(llmodel_task *task) : task_(task) {}
    ~Task() { llmodel_task_free(task_); }
    Task(Task &&other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
    Task(const Task &) = delete;
    Task &operator=(const Task &) = delete;

    llmodel_task *get() const { return task_; }

    /** One event; of kind NONE if none came in time. */
    Failure next(Event &event, int32_t timeout_ms = -1) const {
        llmodel_event raw;
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_next(task_, timeout_ms, &raw, &error);
        event = Event{.kind = raw.kind,
                      .index = raw.index,
                      .data = raw.data == nullptr ? std::string()
                                                  : std::string(static_cast<const char *>(raw.data), raw.size)};
        return take(status, error);
    }

    Answer finish() const {
        Answer answer;
        for (;;) {
            Event event;
            answer.failure = next(event);
            if (answer.failure.status != LLMODEL_OK || event.kind == LLMODEL_EVENT_DONE) {
                return answer;
            }
            if (event.kind == LLMODEL_EVENT_RESULT) {
                answer.result = json::parse(event.data);
            }
            answer.events.push_back(std::move(event));
        }
    }

  private:
    llmodel_task *task_;
};

class Model {
  public:
    explicit Model(const std::string &path, const json &options = json::object()) {
        llmodel_error *error = nullptr;
        const llmodel_status status =
            llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model_, &error);
        opened_ = take(status, error);
        EXPECT_EQ(opened_.status, LLMODEL_OK) << opened_.message;
    }
    ~Model() { llmodel_close(model_); }
    Model(const Model &) = delete;
    Model &operator=(const Model &) = delete;

    llmodel_model *get() const { return model_; }

    Failure submit(const char *operation, const json &request, llmodel_task **task) const {
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_submit(model_, operation, request.dump().c_str(), task, &error);
        return take(status, error);
    }

    Task start(const char *operation, const json &request) const {
        llmodel_task *task = nullptr;
        const Failure failure = submit(operation, request, &task);
        EXPECT_EQ(failure.status, LLMODEL_OK) << failure.message;
        return Task(task);
    }

    /** Submits and takes every event. A refusal is a failure like one that comes later. */
    Answer run(const char *operation, const json &request) const {
        llmodel_task *task = nullptr;
        const Failure failure = submit(operation, request, &task);
        if (failure.status != LLMODEL_OK) {
            return Answer{.failure = failure, .events = {}, .result = {}};
        }
        return Task(task).finish();
    }

  private:
    llmodel_model *model_ = nullptr;
    Failure opened_;
};

/** What llmodel_open() says of a file that is not to be opened. */
inline Failure refuse(const std::string &path, const json &options = json::object()) {
    llmodel_model *model = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model, &error);
    llmodel_close(model);
    return take(status, error);
}

} // namespace api
