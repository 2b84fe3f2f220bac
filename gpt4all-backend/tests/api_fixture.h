#pragma once

#include "llmodel.h"

#include "json/schema.h"
#include "test_paths.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

/** The C API as the tests use it: handles that close themselves, and failures as values. Whatever the library gives is
 *  checked against its published schema on the way. */
namespace api {

using json = nlohmann::ordered_json;

/** Whether sanitizers watch, which take ten times the time, and memory of their own. */
inline constexpr bool sanitized = TEST_SANITIZED;

inline std::string model_path(const std::string &name) {
    return std::string(test_models) + "/" + name;
}

inline void write_bytes(const std::string &path, const std::string &bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/** The real model: $GPT4ALL_TEST_MODEL, or the default model where the front door has put it into the cache. */
inline std::optional<std::string> real_model() {
    const auto variable = [](const char *name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
    if (const std::string named = variable("GPT4ALL_TEST_MODEL"); !named.empty()) {
        return named;
    }
    const std::string cache = variable("GPT4ALL_CACHE");
    const std::filesystem::path root =
        cache.empty() ? std::filesystem::path(variable("HOME")) / ".cache/gpt4all" : std::filesystem::path(cache);
    const std::filesystem::path path = root / "models/SmolLM2-135M-Instruct-Q4_1.gguf";
    return std::filesystem::exists(path) ? std::optional(path.string()) : std::nullopt;
}

/** The schema as it is published, which the tests read like any other user of the library. */
inline void expect_valid(const json &value, const std::string &definition) {
    static const llmodel::Schema schema(json::parse(llmodel_schema()));
    try {
        schema.validate(value, definition);
    } catch (const llmodel::Error &error) {
        ADD_FAILURE() << definition << ": " << error.what() << "\n" << value.dump().substr(0, 2000);
    }
}

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
        EXPECT_GT(status, LLMODEL_TIMEOUT);
        EXPECT_STRNE(llmodel_status_name(status), "unknown");
        EXPECT_FALSE(failure.message.empty());
        EXPECT_EQ(failure.message.find_first_of("\r\n"), std::string::npos) << failure.message;
        EXPECT_TRUE(failure.detail.is_object()) << failure.detail;
        llmodel_error_free(error);
    }
    EXPECT_EQ(error == nullptr, status == LLMODEL_OK || status == LLMODEL_TIMEOUT);
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

    /** What the events told of a choice's tokens. */
    json logprobs(int index = 0) const {
        json all = json::array();
        for (const Event &event : events) {
            if (event.kind == LLMODEL_EVENT_TOKEN_LOGPROBS && event.index == index) {
                const json content = json::parse(event.data)["content"];
                all.insert(all.end(), content.begin(), content.end());
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
    Task(llmodel_task *task, std::string operation) : task_(task), operation_(std::move(operation)) {}
    ~Task() { llmodel_task_free(task_); }
    Task(Task &&other) noexcept : task_(std::exchange(other.task_, nullptr)), operation_(std::move(other.operation_)) {}
    Task(const Task &) = delete;
    Task &operator=(const Task &) = delete;

    llmodel_task *get() const { return task_; }

    /** To be freed by the caller. */
    llmodel_task *release() { return std::exchange(task_, nullptr); }

    /** One event; of kind NONE if none came in time. */
    Failure next(Event &event, int32_t timeout_ms = -1) const {
        llmodel_event raw;
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_next(task_, timeout_ms, &raw, &error);
        event = Event{.kind = raw.kind,
                      .index = raw.index,
                      .data = raw.data == nullptr ? std::string()
                                                  : std::string(static_cast<const char *>(raw.data), raw.size)};
        check(event);
        return take(status, error);
    }

    void cancel() const { llmodel_cancel(task_); }

    Answer finish() const {
        Answer answer;
        for (;;) {
            Event event;
            answer.failure = next(event);
            if (answer.failure.status != LLMODEL_OK || event.kind == LLMODEL_EVENT_DONE) {
                check_logprobs(answer);
                return answer;
            }
            if (event.kind == LLMODEL_EVENT_RESULT) {
                answer.result = json::parse(event.data);
            }
            answer.events.push_back(std::move(event));
        }
    }

  private:
    void check(const Event &event) const {
        switch (event.kind) {
        case LLMODEL_EVENT_RESULT:
            return expect_valid(json::parse(event.data), operation_ + "_result");
        case LLMODEL_EVENT_PROGRESS:
            return expect_valid(json::parse(event.data), "progress_event");
        case LLMODEL_EVENT_TOOL_CALL:
            return expect_valid(json::parse(event.data), "tool_call_event");
        case LLMODEL_EVENT_TOKEN_LOGPROBS: {
            const json logprobs = json::parse(event.data);
            EXPECT_GT(logprobs.at("content").size(), 0);
            return expect_valid(logprobs, "logprobs");
        }
        case LLMODEL_EVENT_TEXT:
        case LLMODEL_EVENT_REASONING:
            EXPECT_FALSE(event.data.empty());
            EXPECT_NO_THROW(static_cast<void>(json(event.data).dump())) << "not UTF-8: " << event.data;
            return;
        default:
            return;
        }
    }

    /** What a stream tells of the tokens is what its result does. */
    static void check_logprobs(const Answer &answer) {
        const bool streamed = std::ranges::any_of(answer.events, [](const Event &event) {
            return event.kind == LLMODEL_EVENT_TEXT || event.kind == LLMODEL_EVENT_REASONING ||
                   event.kind == LLMODEL_EVENT_TOOL_CALL;
        });
        const json choices = answer.result.is_object() ? answer.result.value("choices", json::array()) : json::array();
        for (const json &choice : choices) {
            if (streamed && choice.contains("logprobs")) {
                EXPECT_EQ(answer.logprobs(choice["index"].get<int>()), choice["logprobs"]["content"]);
            }
        }
    }

    llmodel_task *task_;
    std::string operation_;
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

    void close() const { llmodel_close(model_); }

    Failure submit(const char *operation, const json &request, llmodel_task **task) const {
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_submit(model_, operation, request.dump().c_str(), task, &error);
        return take(status, error);
    }

    Task start(const char *operation, const json &request) const {
        llmodel_task *task = nullptr;
        const Failure failure = submit(operation, request, &task);
        EXPECT_EQ(failure.status, LLMODEL_OK) << failure.message;
        return Task(task, operation);
    }

    /** Submits and takes every event. A refusal is a failure like one that comes later. */
    Answer run(const char *operation, const json &request) const {
        llmodel_task *task = nullptr;
        const Failure failure = submit(operation, request, &task);
        if (failure.status != LLMODEL_OK) {
            return Answer{.failure = failure, .events = {}, .result = {}};
        }
        return Task(task, operation).finish();
    }

  private:
    llmodel_model *model_ = nullptr;
    Failure opened_;
};

/** What one call gave: a JSON object, or an error. */
struct Outcome {
    llmodel_status status = LLMODEL_OK;
    json value;
    std::string message;
    json detail;
};

inline Outcome outcome(llmodel_status status, char *text, llmodel_error *error, const char *definition = nullptr) {
    Outcome result;
    if (text != nullptr) {
        result.value = json::parse(text);
        if (definition != nullptr) {
            expect_valid(result.value, definition);
        }
        llmodel_string_free(text);
    }
    const Failure failure = take(status, error);
    result.status = status;
    result.message = failure.message;
    result.detail = failure.detail;
    return result;
}

inline Outcome devices() {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_devices(&text, &error);
    return outcome(status, text, error, "devices_result");
}

inline Outcome inspect(const std::string &path, const json &options = json::object()) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_inspect(path.c_str(), options.dump().c_str(), &text, &error);
    return outcome(status, text, error, "inspect_result");
}

/** What llmodel_quantize() and llmodel_imatrix() have in common. */
using FileFunction = llmodel_status(const char *, const char *, const char *, llmodel_progress_fn, void *, char **,
                                    llmodel_error **);

/** `progress` returns false to cancel; it may be empty. */
inline Outcome write_file(FileFunction *function, const char *definition, const std::string &path,
                          const std::string &out_path, const json &options, std::function<bool(float)> progress) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_progress_fn report = [](float part, void *user) {
        return (*static_cast<std::function<bool(float)> *>(user))(part) ? 0 : 1;
    };
    const llmodel_status status = function(path.c_str(), out_path.c_str(), options.dump().c_str(),
                                           progress ? report : nullptr, &progress, &text, &error);
    return outcome(status, text, error, definition);
}

inline Outcome quantize(const std::string &path, const std::string &out_path, const json &options,
                        std::function<bool(float)> progress = {}) {
    return write_file(llmodel_quantize, "quantize_result", path, out_path, options, std::move(progress));
}

inline Outcome imatrix(const std::string &path, const std::string &out_path, const json &options,
                       std::function<bool(float)> progress = {}) {
    return write_file(llmodel_imatrix, "imatrix_result", path, out_path, options, std::move(progress));
}

/** Opens the model and closes it again. */
inline Outcome open_and_close(const std::string &path, const json &options = json::object()) {
    llmodel_model *model = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model, &error);
    llmodel_close(model);
    return outcome(status, nullptr, error);
}

inline Outcome info(llmodel_model *model) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_info(model, &text, &error);
    return outcome(status, text, error, "info_result");
}

using StateFunction = llmodel_status(llmodel_model *, const char *, const char *, char **, llmodel_error **);

inline Outcome state(StateFunction *function, const Model &model, const std::string &path,
                     const json &request = json::object()) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = function(model.get(), path.c_str(), request.dump().c_str(), &text, &error);
    return outcome(status, text, error, "state_result");
}

/** What llmodel_open() says of a file that is not to be opened. */
inline Failure refuse(const std::string &path, const json &options = json::object()) {
    llmodel_model *model = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model, &error);
    llmodel_close(model);
    return take(status, error);
}

/** A folder that is gone with its files when the test ends. */
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "llmodel-test-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) {
            path_ = name;
        }
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    std::string file(const std::string &name) const { return (path_ / name).string(); }
    size_t files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {})); }

    /** Waits for seconds at most: what cancelled work was writing is removed a little after the call has ended. */
    size_t files_once_down_to(size_t expected) const {
        for (int tries = 0; files() > expected && tries < 10000; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return files();
    }

  private:
    std::filesystem::path path_;
};

/** The tiny LLaMA with a context that is made in no time. */
class TinyLlama : public Model {
  public:
    explicit TinyLlama(const json &options = json::object(), const std::string &file = "tiny-llama-f32.gguf")
        : Model(model_path(file), with_defaults(options)) {}

  private:
    static json with_defaults(const json &options) {
        json all = {{"n_ctx", 512}, {"n_batch", 64}, {"threads", 1}};
        all.update(options);
        return all;
    }
};

/** A greedy chat request of one message; `fields` are added to it. */
inline json chat(const std::string &content, const json &fields = json::object()) {
    json request = {{"messages", {{{"role", "user"}, {"content", content}}}}, {"temperature", 0}, {"max_tokens", 24}};
    request.update(fields);
    return request;
}

/** A greedy request to go on with a text. */
inline json complete(const json &prompt, const json &fields = json::object()) {
    json request = {{"prompt", prompt}, {"temperature", 0}, {"max_tokens", 24}};
    request.update(fields);
    return request;
}

inline std::string content_of(const Answer &answer, size_t choice = 0) {
    const json &chosen = answer.result.at("choices").at(choice);
    return chosen.contains("message") ? chosen["message"]["content"].get<std::string>()
                                      : chosen.at("text").get<std::string>();
}

/** That the model still answers. */
inline void expect_works(const Model &model) {
    const Answer answer = model.run("complete", complete("the house is", {{"max_tokens", 8}}));
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result["usage"]["completion_tokens"], 8);
    EXPECT_EQ(answer.text(), content_of(answer));
}

} // namespace api
