/* A library with llmodel.h's interface and no engine: what a test asks for by the operation's name or the path, it
 * gives. With it the binding is tested on what a real engine does not do at will: every status, endless answers, other
 * versions of the interface. Built by conftest.py. */
#include "llmodel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef FAKE_ABI_VERSION
#define FAKE_ABI_VERSION LLMODEL_ABI_VERSION
#endif

struct llmodel_error {
    llmodel_status status;
    char message[256];
    char detail[256];
};

enum { TASKS = 256 };

/* Handles are 1 + the index into this table. They are never given out twice, as the header demands. */
static struct {
    char operation[64];
    int step;
    int freed;
    volatile int cancelled;
} tasks[TASKS];
static volatile int task_count, open_models, freed_tasks, live_errors, closed_while_logging;
static __thread int logging;
static llmodel_log_fn log_function;
static void *log_user;
static llmodel_log_level log_level;

static llmodel_status fail(llmodel_status status, llmodel_error **error) {
    if (error) {
        *error = malloc(sizeof **error);
        (*error)->status = status;
        snprintf((*error)->message, sizeof(*error)->message, "fake failure \xE2\x80\x9C%d\xE2\x80\x9D", (int)status);
        snprintf((*error)->detail, sizeof(*error)->detail, "{\"status\": %d}", (int)status);
        __sync_add_and_fetch(&live_errors, 1);
    }
    return status;
}

static llmodel_status give(char **json, const char *text) {
    if (json)
        *json = strdup(text);
    return LLMODEL_OK;
}

uint32_t llmodel_abi_version(void) {
    return FAKE_ABI_VERSION;
}
const char *llmodel_schema(void) {
    return "{}";
}
const char *llmodel_status_name(llmodel_status status) {
    return status == LLMODEL_IO ? "io" : "unknown";
}
llmodel_status llmodel_error_status(const llmodel_error *error) {
    return error ? error->status : LLMODEL_INTERNAL;
}
const char *llmodel_error_message(const llmodel_error *error) {
    return error ? error->message : "";
}
const char *llmodel_error_detail(const llmodel_error *error) {
    return error ? error->detail : "{}";
}
void llmodel_string_free(char *string) {
    free(string);
}

void llmodel_error_free(llmodel_error *error) {
    if (error)
        __sync_sub_and_fetch(&live_errors, 1);
    free(error);
}

/* The counters, by which tests see what the binding released. */
const char *llmodel_build_info(void) {
    static char text[256];
    snprintf(text, sizeof text,
             "{\"open_models\": %d, \"live_tasks\": %d, \"live_errors\": %d, \"log_level\": %d, "
             "\"closed_while_logging\": %d}",
             open_models, task_count - freed_tasks, live_errors, (int)log_level, closed_while_logging);
    return text;
}

void llmodel_set_log(llmodel_log_fn log, void *user, llmodel_log_level level) {
    log_function = log;
    log_user = user;
    log_level = level;
}

/* One message at each level that is wanted. */
llmodel_status llmodel_devices(char **json, llmodel_error **error) {
    (void)error;
    logging = 1;
    for (int level = LLMODEL_LOG_ERROR; log_function && level <= (int)log_level; ++level)
        log_function((llmodel_log_level)level, "message with 100% of \xF0\x9F\x98\x80", log_user);
    logging = 0;
    return give(json, "{\"devices\": []}");
}

/* The path "fail:N" fails with status N; "silent:N" does so without an error object. */
llmodel_status llmodel_inspect(const char *path, const char *options_json, char **json, llmodel_error **error) {
    int status;
    if (sscanf(path, "fail:%d", &status) == 1)
        return fail((llmodel_status)status, error);
    if (sscanf(path, "silent:%d", &status) == 1)
        return (llmodel_status)status;
    return give(json, options_json);
}

/* Tells of progress in four steps, the last of them 1. */
llmodel_status llmodel_open(const char *path, const char *options_json, llmodel_progress_fn progress, void *user,
                            llmodel_model **model, llmodel_error **error) {
    (void)path;
    (void)options_json;
    for (int step = 1; progress && step <= 4; ++step)
        if (progress((float)step / 4, user))
            return fail(LLMODEL_CANCELLED, error);
    *model = (llmodel_model *)(uintptr_t)__sync_add_and_fetch(&open_models, 1);
    return LLMODEL_OK;
}

llmodel_status llmodel_info(llmodel_model *model, char **json, llmodel_error **error) {
    (void)model;
    (void)error;
    return give(json, "{}");
}

void llmodel_close(llmodel_model *model) {
    if (model)
        __sync_sub_and_fetch(&open_models, 1);
    closed_while_logging += logging;
}

llmodel_status llmodel_save_state(llmodel_model *model, const char *path, const char *request_json, char **json,
                                  llmodel_error **error) {
    (void)model;
    (void)path;
    (void)error;
    return give(json, request_json);
}

llmodel_status llmodel_restore_state(llmodel_model *model, const char *path, const char *request_json, char **json,
                                     llmodel_error **error) {
    return llmodel_save_state(model, path, request_json, json, error);
}

llmodel_status llmodel_submit(llmodel_model *model, const char *operation, const char *request_json,
                              llmodel_task **task, llmodel_error **error) {
    (void)model;
    (void)request_json;
    if (task_count == TASKS)
        return fail(LLMODEL_INTERNAL, error);
    int number = __sync_add_and_fetch(&task_count, 1);
    snprintf(tasks[number - 1].operation, sizeof tasks->operation, "%s", operation);
    *task = (llmodel_task *)(uintptr_t)number;
    return LLMODEL_OK;
}

static llmodel_status event_of(llmodel_event *event, llmodel_event_kind kind, const void *data, size_t size) {
    *event = (llmodel_event){kind, 0, data, size};
    return LLMODEL_OK;
}

/* "endless" gives texts, one each 2 ms; "silence" gives nothing for ever; "fail:N" gives a text and then status N;
 * "kinds" gives one event of each kind. The first two end when they are cancelled. */
llmodel_status llmodel_next(llmodel_task *task, int32_t timeout_ms, llmodel_event *event, llmodel_error **error) {
    static const char *const json = "{\"n\": 1}";
    static const float floats[] = {1.5f, -2.0f};
    const int number = (int)(uintptr_t)task - 1;
    const char *operation = tasks[number].operation;
    int status;
    if (tasks[number].freed)
        return fail(LLMODEL_CLOSED, error);
    if (strcmp(operation, "endless") == 0 || strcmp(operation, "silence") == 0) {
        const int32_t wait = operation[0] == 'e' ? 2 : timeout_ms;
        for (int32_t passed = 0; (wait < 0 || passed < wait) && !tasks[number].cancelled; ++passed)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (tasks[number].cancelled)
            return fail(LLMODEL_CANCELLED, error);
        return operation[0] == 'e' ? event_of(event, LLMODEL_EVENT_TEXT, "\xF0\x9F\x98\x80 ", 5) : LLMODEL_TIMEOUT;
    }
    static const llmodel_event_kind kinds[] = {
        LLMODEL_EVENT_STARTED,   LLMODEL_EVENT_PROGRESS,  LLMODEL_EVENT_TEXT,     LLMODEL_EVENT_REASONING,
        LLMODEL_EVENT_TOOL_CALL, LLMODEL_EVENT_EMBEDDING, LLMODEL_EVENT_LOGPROBS, LLMODEL_EVENT_TOKEN_LOGPROBS,
        LLMODEL_EVENT_RESULT,    LLMODEL_EVENT_DONE};
    const int step = ++tasks[number].step;
    if (sscanf(operation, "fail:%d", &status) == 1)
        return step == 1 ? event_of(event, LLMODEL_EVENT_TEXT, "a", 1) : fail((llmodel_status)status, error);
    const int last = (int)(sizeof kinds / sizeof *kinds);
    const llmodel_event_kind kind = kinds[(step < last ? step : last) - 1];
    switch (kind) {
    case LLMODEL_EVENT_PROGRESS:
    case LLMODEL_EVENT_TOOL_CALL:
    case LLMODEL_EVENT_TOKEN_LOGPROBS:
    case LLMODEL_EVENT_RESULT:
        return event_of(event, kind, json, strlen(json));
    case LLMODEL_EVENT_TEXT:
    case LLMODEL_EVENT_REASONING:
        return event_of(event, kind, "\xC3\xA9", 2);
    case LLMODEL_EVENT_EMBEDDING:
    case LLMODEL_EVENT_LOGPROBS:
        return event_of(event, kind, floats, sizeof floats);
    default:
        return event_of(event, kind, NULL, 0);
    }
}

void llmodel_cancel(llmodel_task *task) {
    if (task)
        tasks[(int)(uintptr_t)task - 1].cancelled = 1;
}

void llmodel_task_free(llmodel_task *task) {
    if (task && !tasks[(int)(uintptr_t)task - 1].freed) {
        tasks[(int)(uintptr_t)task - 1].freed = 1;
        __sync_add_and_fetch(&freed_tasks, 1);
    }
}

llmodel_status llmodel_quantize(const char *path, const char *out_path, const char *options_json,
                                llmodel_progress_fn progress, void *user, char **json, llmodel_error **error) {
    (void)path;
    (void)out_path;
    if (progress && progress(0.5f, user))
        return fail(LLMODEL_CANCELLED, error);
    return give(json, options_json);
}

llmodel_status llmodel_convert(const char *path, const char *out_path, const char *options_json,
                               llmodel_progress_fn progress, void *user, char **json, llmodel_error **error) {
    return llmodel_quantize(path, out_path, options_json, progress, user, json, error);
}

llmodel_status llmodel_serve_worker(const char *options_json, llmodel_worker_fn notify, void *user,
                                    llmodel_error **error) {
    (void)options_json;
    (void)error;
    while (!notify(NULL, user) && !notify("{\"event\": \"connected\", \"peer\": \"fake\"}", user)) {
    }
    return LLMODEL_OK;
}

llmodel_status llmodel_imatrix(const char *path, const char *out_path, const char *options_json,
                               llmodel_progress_fn progress, void *user, char **json, llmodel_error **error) {
    return llmodel_quantize(path, out_path, options_json, progress, user, json, error);
}
