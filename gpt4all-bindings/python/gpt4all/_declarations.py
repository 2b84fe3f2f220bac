"""The C declarations of libllmodel. Generated from llmodel.h by generate_declarations.py: do not edit."""

from __future__ import annotations

ABI_VERSION = 1

STATUS = {
    "ok": 0,
    "timeout": 1,
    "invalid_argument": 2,
    "not_found": 3,
    "io": 4,
    "invalid_model": 5,
    "unsupported": 6,
    "out_of_memory": 7,
    "context_overflow": 8,
    "template_error": 9,
    "grammar_error": 10,
    "cancelled": 11,
    "closed": 12,
    "internal": 13,
}

LOG_LEVELS = {
    "none": 0,
    "error": 1,
    "warn": 2,
    "info": 3,
    "debug": 4,
}

EVENT_KINDS = {
    "none": 0,
    "started": 1,
    "progress": 2,
    "text": 3,
    "reasoning": 4,
    "tool_call": 5,
    "embedding": 6,
    "logprobs": 7,
    "result": 8,
    "done": 9,
}

CDEF = """\
uint32_t llmodel_abi_version(void);
const char *llmodel_build_info(void);
const char *llmodel_schema(void);
typedef enum llmodel_status {
    LLMODEL_OK = 0,
    LLMODEL_TIMEOUT = 1,
    LLMODEL_INVALID_ARGUMENT = 2,
    LLMODEL_NOT_FOUND = 3,
    LLMODEL_IO = 4,
    LLMODEL_INVALID_MODEL = 5,
    LLMODEL_UNSUPPORTED = 6,
    LLMODEL_OUT_OF_MEMORY = 7,
    LLMODEL_CONTEXT_OVERFLOW = 8,
    LLMODEL_TEMPLATE_ERROR = 9,
    LLMODEL_GRAMMAR_ERROR = 10,
    LLMODEL_CANCELLED = 11,
    LLMODEL_CLOSED = 12,
    LLMODEL_INTERNAL = 13
} llmodel_status;
const char *llmodel_status_name(llmodel_status status);
typedef struct llmodel_error llmodel_error;
llmodel_status llmodel_error_status(const llmodel_error *error);
const char *llmodel_error_message(const llmodel_error *error);
const char *llmodel_error_detail(const llmodel_error *error);
void llmodel_error_free(llmodel_error *error);
void llmodel_string_free(char *string);
typedef enum llmodel_log_level {
    LLMODEL_LOG_NONE = 0,
    LLMODEL_LOG_ERROR = 1,
    LLMODEL_LOG_WARN = 2,
    LLMODEL_LOG_INFO = 3,
    LLMODEL_LOG_DEBUG = 4
} llmodel_log_level;
typedef void (*llmodel_log_fn)(llmodel_log_level level, const char *message, void *user);
void llmodel_set_log(llmodel_log_fn log, void *user, llmodel_log_level level);
llmodel_status llmodel_devices(char **json, llmodel_error **error);
llmodel_status llmodel_inspect(const char *path, const char *options_json, char **json,
    llmodel_error **error);
typedef struct llmodel_model llmodel_model;
typedef int32_t (*llmodel_progress_fn)(float progress, void *user);
llmodel_status llmodel_open(const char *path, const char *options_json, llmodel_progress_fn progress,
    void *user, llmodel_model **model, llmodel_error **error);
llmodel_status llmodel_info(llmodel_model *model, char **json, llmodel_error **error);
void llmodel_close(llmodel_model *model);
llmodel_status llmodel_save_state(llmodel_model *model, const char *path, const char *request_json,
    char **json, llmodel_error **error);
llmodel_status llmodel_restore_state(llmodel_model *model, const char *path, const char *request_json,
    char **json, llmodel_error **error);
typedef struct llmodel_task llmodel_task;
llmodel_status llmodel_submit(llmodel_model *model, const char *operation, const char *request_json,
    llmodel_task **task, llmodel_error **error);
typedef enum llmodel_event_kind {
    LLMODEL_EVENT_NONE = 0,
    LLMODEL_EVENT_STARTED = 1,
    LLMODEL_EVENT_PROGRESS = 2,
    LLMODEL_EVENT_TEXT = 3,
    LLMODEL_EVENT_REASONING = 4,
    LLMODEL_EVENT_TOOL_CALL = 5,
    LLMODEL_EVENT_EMBEDDING = 6,
    LLMODEL_EVENT_LOGPROBS = 7,
    LLMODEL_EVENT_RESULT = 8,
    LLMODEL_EVENT_DONE = 9
} llmodel_event_kind;
typedef struct llmodel_event {
    int32_t kind;
    int32_t index;
    const void *data;
    size_t size;
} llmodel_event;
llmodel_status llmodel_next(llmodel_task *task, int32_t timeout_ms, llmodel_event *event,
    llmodel_error **error);
void llmodel_cancel(llmodel_task *task);
void llmodel_task_free(llmodel_task *task);
llmodel_status llmodel_quantize(const char *path, const char *out_path, const char *options_json,
    llmodel_progress_fn progress, void *user, char **json,
    llmodel_error **error);
llmodel_status llmodel_imatrix(const char *path, const char *out_path, const char *options_json,
    llmodel_progress_fn progress, void *user, char **json,
    llmodel_error **error);
llmodel_status llmodel_convert(const char *path, const char *out_path, const char *options_json,
    llmodel_progress_fn progress, void *user, char **json,
    llmodel_error **error);
"""
