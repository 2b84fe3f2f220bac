#include "llmodel.h"

#include "backends/backend.h"
#include "backends/serve_worker.h"
#include "build_info.h"
#include "engine/model.h"
#include "error.h"
#include "files/inspect.h"
#include "handles.h"
#include "json/parse.h"
#include "json/schema.h"
#include "legacy/convert.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "quantize/make_imatrix.h"
#include "quantize/quantize.h"
#include "tasks/task.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>

struct llmodel_error {
    llmodel_status status;
    std::string message;
    std::string detail;
};

namespace llmodel {

namespace {

struct Tables {
    Tables() = default;
    /** For a child process: new names only, so that those of its parent mean nothing in it. */
    explicit Tables(const Tables &parent)
        : models("model", parent.models.next_name()), tasks("task", parent.tasks.next_name()) {}
    Tables &operator=(const Tables &) = delete;

    const std::int64_t owner = process_id();
    Handles<Model, llmodel_model> models{"model"};
    Handles<Task, llmodel_task> tasks{"task"};
};

/** Never destroyed, since other threads may call in while the process ends, and since a child process has no threads to
 *  end its parent's models with. */
Tables &tables() {
    static std::atomic<Tables *> current = new Tables; // NOLINT(cppcoreguidelines-owning-memory)
    Tables *found = current;
    while (found->owner != process_id()) {
        auto own = std::make_unique<Tables>(*found);
        if (current.compare_exchange_strong(found, own.get())) {
            found = own.release();
        }
    }
    return *found;
}

/** Has models that are still open closed when the process ends, before what ggml keeps in static variables is
 * destroyed. Those that come into being later are destroyed earlier, so it is called again after each step that may
 * make some. */
void close_models_at_exit() {
    std::atexit([] {
        end_log();
        for (const auto &model : tables().models.remove_all()) {
            model->close();
        }
    });
}

/** Runs `body` with no exception leaving it. */
template<typename Body> llmodel_status at_boundary(llmodel_error **error, Body body) noexcept {
    if (error != nullptr) {
        *error = nullptr;
    }
    try {
        return body();
    } catch (...) {
        const Error failure = current_error();
        if (error != nullptr) {
            // a message of more than one line would break the logs of whoever prints it
            std::string message = failure.what();
            for (char &c : message) {
                c = c == '\n' || c == '\r' ? ' ' : c;
            }
            *error = new (std::nothrow) llmodel_error{failure.status(), message, dump_json(failure.detail())};
        }
        return failure.status();
    }
}

template<typename Pointer> Pointer required(Pointer pointer, const char *name) {
    if (pointer == nullptr) {
        throw Error(LLMODEL_INVALID_ARGUMENT, std::string(name) + " is NULL", {{"argument", name}});
    }
    return pointer;
}

char *copy_string(const std::string &text) {
    auto *copy = static_cast<char *>(std::malloc(text.size() + 1)); // NOLINT: released with free()
    if (copy == nullptr) {
        throw std::bad_alloc();
    }
    std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

void give(char **output, const json &value) {
    if (output != nullptr) {
        *output = copy_string(dump_json(value));
    }
}

json parse_options(const char *text, const char *definition, const char *what) {
    json options = parse_json(text, what, Missing::empty_object, LongNumbers::marked_for_templates);
    accept(options, definition);
    return options;
}

Progress progress_of(llmodel_progress_fn function, void *user) {
    if (function == nullptr) {
        return {};
    }
    return [function, user](float done) { return function(done, user) == 0; };
}

WorkerNotify notify_of(llmodel_worker_fn function, void *user) {
    return [function, user](const json &event) {
        return function(event.is_null() ? nullptr : dump_json(event).c_str(), user) == 0;
    };
}

} // namespace

} // namespace llmodel

using namespace llmodel;

extern "C" {

uint32_t llmodel_abi_version(void) {
    return LLMODEL_ABI_VERSION;
}

const char *llmodel_build_info(void) {
    return build_info();
}

const char *llmodel_schema(void) {
    return schema_text();
}

const char *llmodel_status_name(llmodel_status status) {
    switch (status) {
    case LLMODEL_OK:
        return "ok";
    case LLMODEL_TIMEOUT:
        return "timeout";
    case LLMODEL_INVALID_ARGUMENT:
        return "invalid_argument";
    case LLMODEL_NOT_FOUND:
        return "not_found";
    case LLMODEL_IO:
        return "io";
    case LLMODEL_INVALID_MODEL:
        return "invalid_model";
    case LLMODEL_UNSUPPORTED:
        return "unsupported";
    case LLMODEL_OUT_OF_MEMORY:
        return "out_of_memory";
    case LLMODEL_CONTEXT_OVERFLOW:
        return "context_overflow";
    case LLMODEL_TEMPLATE_ERROR:
        return "template_error";
    case LLMODEL_GRAMMAR_ERROR:
        return "grammar_error";
    case LLMODEL_CANCELLED:
        return "cancelled";
    case LLMODEL_CLOSED:
        return "closed";
    case LLMODEL_INTERNAL:
        return "internal";
    }
    return "unknown";
}

llmodel_status llmodel_error_status(const llmodel_error *error) {
    return error == nullptr ? LLMODEL_INTERNAL : error->status;
}

const char *llmodel_error_message(const llmodel_error *error) {
    return error == nullptr ? "there was not enough memory for an error object" : error->message.c_str();
}

const char *llmodel_error_detail(const llmodel_error *error) {
    return error == nullptr ? "{}" : error->detail.c_str();
}

void llmodel_error_free(llmodel_error *error) {
    delete error; // NOLINT(cppcoreguidelines-owning-memory)
}

void llmodel_string_free(char *string) {
    std::free(string); // NOLINT: from copy_string()
}

void llmodel_set_log(llmodel_log_fn log, void *user, llmodel_log_level level) {
    set_log(log, user, level);
}

llmodel_status llmodel_devices(char **json_out, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(json_out, "json");
        give(json_out, devices()); // which reports even what ensure_backend() would refuse
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_inspect(const char *path, const char *options_json, char **json_out, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        required(json_out, "json");
        ensure_backend();
        give(json_out, inspect(path, parse_options(options_json, "open_options", "open options")));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_open(const char *path, const char *options_json, llmodel_progress_fn progress, void *user,
                            llmodel_model **model, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        required(model, "model");
        const auto options = parse_options(options_json, "open_options", "open options");
        *model = tables().models.add(std::make_shared<Model>(path, options, progress_of(progress, user)));
        close_models_at_exit();
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_info(llmodel_model *model, char **json_out, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(json_out, "json");
        give(json_out, tables().models.get(model)->info());
        return LLMODEL_OK;
    });
}

void llmodel_close(llmodel_model *model) {
    at_boundary(nullptr, [&] {
        if (auto closing = tables().models.remove(model)) {
            closing->close();
            closing.reset();
            release_free_memory();
        }
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_save_state(llmodel_model *model, const char *path, const char *request_json, char **json_out,
                                  llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        const auto request = parse_options(request_json, "state_request", "state request");
        give(json_out, tables().models.get(model)->save_state(path, request));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_restore_state(llmodel_model *model, const char *path, const char *request_json, char **json_out,
                                     llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        const auto request = parse_options(request_json, "state_request", "state request");
        give(json_out, tables().models.get(model)->restore_state(path, request));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_submit(llmodel_model *model, const char *operation, const char *request_json,
                              llmodel_task **task, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(operation, "operation");
        required(request_json, "request_json");
        required(task, "task");
        const auto opened = tables().models.get(model);
        auto request = parse_json(request_json, std::string(operation) + " request", Missing::refused,
                                  LongNumbers::marked_for_templates);
        *task = tables().tasks.add(opened->submit(operation, std::move(request)));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_next(llmodel_task *task, int32_t timeout_ms, llmodel_event *event, llmodel_error **error) {
    if (event != nullptr) {
        *event = llmodel_event{LLMODEL_EVENT_NONE, 0, nullptr, 0};
    }
    return at_boundary(error, [&] {
        required(event, "event");
        Deadline deadline;
        if (timeout_ms >= 0) {
            deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
        }
        const Event *next = tables().tasks.get(task)->next(deadline);
        if (next == nullptr) {
            return LLMODEL_TIMEOUT;
        }
        if (next->kind == LLMODEL_EVENT_RESULT) {
            static std::once_flag first_result;
            std::call_once(first_result, close_models_at_exit);
        }
        *event = llmodel_event{next->kind, next->index, next->data.data(), next->data.size()};
        return LLMODEL_OK;
    });
}

void llmodel_cancel(llmodel_task *task) {
    at_boundary(nullptr, [&] {
        if (const auto cancelled = tables().tasks.find(task)) {
            cancelled->cancel();
        }
        return LLMODEL_OK;
    });
}

void llmodel_task_free(llmodel_task *task) {
    at_boundary(nullptr, [&] {
        if (const auto freed = tables().tasks.remove(task)) {
            freed->cancel();
        }
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_quantize(const char *path, const char *out_path, const char *options_json,
                                llmodel_progress_fn progress, void *user, char **json_out, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        required(out_path, "out_path");
        ensure_backend();
        const auto options = parse_options(options_json, "quantize_options", "quantise options");
        give(json_out, quantize(path, out_path, options, progress_of(progress, user)));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_imatrix(const char *path, const char *out_path, const char *options_json,
                               llmodel_progress_fn progress, void *user, char **json_out, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        required(out_path, "out_path");
        ensure_backend();
        const auto options = parse_options(options_json, "imatrix_options", "imatrix options");
        give(json_out, make_imatrix(path, out_path, options, progress_of(progress, user)));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_convert(const char *path, const char *out_path, const char *options_json,
                               llmodel_progress_fn progress, void *user, char **json_out, llmodel_error **error) {
    return at_boundary(error, [&] {
        required(path, "path");
        required(out_path, "out_path");
        ensure_backend();
        const auto options = parse_options(options_json, "convert_options", "convert options");
        give(json_out, legacy::convert(path, out_path, options, progress_of(progress, user)));
        return LLMODEL_OK;
    });
}

llmodel_status llmodel_serve_worker(const char *options_json, llmodel_worker_fn notify, void *user,
                                    llmodel_error **error) {
    return at_boundary(error, [&] {
        required(notify, "notify");
        serve_worker(parse_options(options_json, "worker_options", "worker options"), notify_of(notify, user));
        return LLMODEL_OK;
    });
}

} // extern "C"
