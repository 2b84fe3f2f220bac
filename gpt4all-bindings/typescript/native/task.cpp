#include "task.h"

#include "environment.h"
#include "outcome.h"
#include "threads.h"

#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

namespace gpt4all {

namespace {

struct Arrived {
    int32_t kind;
    int32_t index;
    std::string data;
};

/** What its thread and JavaScript's share of a task. */
struct Task {
    uint64_t id = 0;
    llmodel_task *handle = nullptr;
    std::shared_ptr<Mailroom> mailroom;
    std::shared_ptr<Workers> workers;

    std::mutex mutex;
    std::vector<Arrived> arrived;
    Failure failure;
    bool ended = false;
    bool told = false; // JavaScript knows that something has arrived, and has not looked yet
};

Napi::Value to_js(Napi::Env env, const Arrived &event) {
    if (event.kind == LLMODEL_EVENT_TEXT && event.index == 0) {
        return Napi::String::New(env, event.data);
    }
    const Napi::Array parts = Napi::Array::New(env, 3);
    parts.Set(uint32_t{0}, event.kind);
    parts.Set(uint32_t{1}, event.index);
    if (event.kind == LLMODEL_EVENT_EMBEDDING || event.kind == LLMODEL_EVENT_LOGPROBS) {
        Napi::ArrayBuffer bytes = Napi::ArrayBuffer::New(env, event.data.size());
        if (!event.data.empty()) {
            std::memcpy(bytes.Data(), event.data.data(), event.data.size());
        }
        parts.Set(uint32_t{2}, Napi::Float32Array::New(env, event.data.size() / sizeof(float), bytes, 0));
    } else {
        parts.Set(uint32_t{2}, event.data);
    }
    return parts;
}

/** On JavaScript's thread: everything that has come since it last looked, with one call. */
void deliver(Napi::Env env, Task &task) {
    std::vector<Arrived> arrived;
    bool ended = false;
    {
        const std::lock_guard lock(task.mutex);
        arrived.swap(task.arrived);
        ended = task.ended;
        task.told = false;
    }
    Environment &environment = Environment::of(env);
    const auto found = environment.listeners.find(task.id);
    if (found == environment.listeners.end()) {
        return;
    }
    const bool failed = ended && task.failure.status != LLMODEL_OK;
    const Napi::Array batch = Napi::Array::New(env, arrived.size() + (failed ? 1 : 0));
    for (uint32_t index = 0; index < arrived.size(); ++index) {
        batch.Set(index, to_js(env, arrived[index]));
    }
    if (failed) {
        batch.Set(static_cast<uint32_t>(arrived.size()), task.failure.to_js(env));
    }
    const Napi::Function listener = found->second.Value();
    if (ended) {
        environment.listeners.erase(found);
        environment.forget_stop(task.id);
        environment.ended(env);
    }
    listener.Call({batch});
}

void tell(const std::shared_ptr<Task> &task) {
    task->mailroom->post([task](Napi::Env env) { deliver(env, *task); });
}

/** On the task's thread: until its end. */
void pump(const std::shared_ptr<Task> &task) {
    for (bool ended = false; !ended;) {
        llmodel_event event{};
        llmodel_error *error = nullptr;
        const llmodel_status status = library().llmodel_next(task->handle, -1, &event, &error);
        ended = status != LLMODEL_OK || event.kind == LLMODEL_EVENT_DONE;
        bool told = false;
        {
            const std::lock_guard lock(task->mutex);
            if (status == LLMODEL_OK) {
                const char *const data = static_cast<const char *>(event.data);
                task->arrived.push_back(
                    {event.kind, event.index, data ? std::string(data, event.size) : std::string()});
            } else {
                task->failure = Failure::take(status, error);
            }
            task->ended = ended;
            told = std::exchange(task->told, true);
        }
        if (!told) {
            tell(task);
        }
    }
    library().llmodel_task_free(task->handle);
    task->workers->remove();
}

} // namespace

Napi::Value submit(const Napi::CallbackInfo &info) {
    const Napi::Env env = info.Env();
    const auto task = std::make_shared<Task>();
    const std::string operation = info[1].As<Napi::String>();
    const std::string request = info[2].As<Napi::String>();
    llmodel_error *error = nullptr;
    const llmodel_status status = library().llmodel_submit(from_js<llmodel_model>(info[0]), operation.c_str(),
                                                           request.c_str(), &task->handle, &error);
    const Napi::Object result = Napi::Object::New(env);
    if (status != LLMODEL_OK) {
        result.Set("error", Failure::take(status, error).to_js(env));
        return result;
    }
    Environment &environment = Environment::of(env);
    task->mailroom = environment.mailroom;
    task->workers = environment.workers;
    task->id = environment.add_stop([handle = task->handle] { library().llmodel_cancel(handle); });
    environment.listeners.emplace(task->id, Napi::Persistent(info[3].As<Napi::Function>()));
    environment.began(env);
    environment.workers->add();
    run_on_thread([task] { pump(task); });
    result.Set("task", to_js(env, task->handle));
    return result;
}

Napi::Value cancel(const Napi::CallbackInfo &info) {
    library().llmodel_cancel(from_js<llmodel_task>(info[0]));
    return info.Env().Undefined();
}

} // namespace gpt4all
