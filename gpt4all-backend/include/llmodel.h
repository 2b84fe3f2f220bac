/**
 * llmodel: run language models on the user's own machine.
 *
 * This is the whole public interface of libllmodel. Everything that is wide or slow-moving (options, requests, results)
 * is JSON in UTF-8, checked against one published schema (llmodel_schema()); everything that is hot (pieces of text,
 * vectors) is typed.
 *
 * These rules apply to every function:
 *
 * - Errors are values. A function that can fail returns an llmodel_status, and its last parameter is an
 *   `llmodel_error **`. That pointer may be NULL; otherwise the target is set to NULL on success, and on failure to an
 *   error object that the caller owns and releases with llmodel_error_free(). Outputs are left untouched on failure. No
 *   function throws, aborts, writes to stderr or changes thread-local state.
 * - Handles are names, not memory. An `llmodel_model *` or `llmodel_task *` is never dereferenced by the library but
 *   looked up, and is never reused within a process: a closed, freed or made-up handle gives LLMODEL_CLOSED, closing
 *   twice is harmless, and models and tasks may be released in any order.
 * - Any function may be called from any thread at any time, except llmodel_next(), which only one thread at a time may
 *   call for a given task.
 * - Strings passed in are NUL-terminated UTF-8, borrowed for the duration of the call. Strings returned through
 *   `char **` are owned by the caller and released with llmodel_string_free(). A returned `const char *` lives as long
 *   as the library.
 * - A child process created by fork() must not use its parent's handles; it gets LLMODEL_CLOSED.
 */
#ifndef LLMODEL_H
#define LLMODEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(LLMODEL_BUILD)
#define LLMODEL_API __declspec(dllexport)
#else
#define LLMODEL_API __declspec(dllimport)
#endif
#else
#define LLMODEL_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ version and info */

/** Increases by one with every incompatible change to this header. */
#define LLMODEL_ABI_VERSION 1

/** The LLMODEL_ABI_VERSION that the library was built with; differs from the header's if the two do not match. */
LLMODEL_API uint32_t llmodel_abi_version(void);

/** JSON: version, llama.cpp release and tree, patches, compiler, flags and how backends are found. Never NULL. */
LLMODEL_API const char *llmodel_build_info(void);

/** The JSON Schema (draft 2020-12) of all options, request and result objects, under `$defs`. Never NULL. */
LLMODEL_API const char *llmodel_schema(void);

/* ---------------------------------------------------------------------------------------------------------- errors */

/** Values are stable: they are never renumbered or reused. */
typedef enum llmodel_status {
    LLMODEL_OK = 0,
    LLMODEL_TIMEOUT = 1,          /**< llmodel_next(): no event within the given time. Not a failure. */
    LLMODEL_INVALID_ARGUMENT = 2, /**< A NULL pointer, malformed JSON, unknown key, wrong type, value out of range. */
    LLMODEL_NOT_FOUND = 3,        /**< The named file, folder, adapter or slot does not exist. */
    LLMODEL_IO = 4,               /**< Reading or writing failed: permissions, a full disk, a vanished file. */
    LLMODEL_INVALID_MODEL = 5,    /**< The file is truncated, corrupt or not of a known format. */
    LLMODEL_UNSUPPORTED = 6,      /**< Well-formed, but this library or this model cannot do it. */
    LLMODEL_OUT_OF_MEMORY = 7,    /**< Does not fit into memory, or into the given budget. */
    LLMODEL_CONTEXT_OVERFLOW = 8, /**< The prompt leaves no room in the context for a token of an answer. */
    LLMODEL_TEMPLATE_ERROR = 9,   /**< The chat template cannot be parsed or rendered, or runs without end. */
    LLMODEL_GRAMMAR_ERROR = 10,   /**< The grammar or JSON Schema cannot be parsed or turned into a grammar. */
    LLMODEL_CANCELLED = 11,       /**< By llmodel_cancel(), a progress function, or a closing model. */
    LLMODEL_CLOSED = 12,          /**< The handle was closed or freed, or was never given out. */
    LLMODEL_INTERNAL = 13         /**< A defect in this library or in llama.cpp. Please report it. */
} llmodel_status;

/** The status's name in lower case, such as "invalid_argument"; "unknown" for any other value. Never NULL. */
LLMODEL_API const char *llmodel_status_name(llmodel_status status);

typedef struct llmodel_error llmodel_error;

/** LLMODEL_INTERNAL for NULL. */
LLMODEL_API llmodel_status llmodel_error_status(const llmodel_error *error);

/** What happened, with which file or value, and what to do. One line of UTF-8, borrowed from `error`. Never NULL. */
LLMODEL_API const char *llmodel_error_message(const llmodel_error *error);

/** A JSON object with the details, such as {"path": "/temperature"}. Borrowed from `error`. Never NULL. */
LLMODEL_API const char *llmodel_error_detail(const llmodel_error *error);

/** NULL is allowed. */
LLMODEL_API void llmodel_error_free(llmodel_error *error);

/** Releases a string returned through `char **`. NULL is allowed. */
LLMODEL_API void llmodel_string_free(char *string);

/* --------------------------------------------------------------------------------------------------------- logging */

typedef enum llmodel_log_level {
    LLMODEL_LOG_NONE = 0,
    LLMODEL_LOG_ERROR = 1,
    LLMODEL_LOG_WARN = 2,
    LLMODEL_LOG_INFO = 3,
    LLMODEL_LOG_DEBUG = 4
} llmodel_log_level;

/** `message` is borrowed and has no line end. May be called from any thread, and by several at once; must not call the
 *  library. */
typedef void (*llmodel_log_fn)(llmodel_log_level level, const char *message, void *user);

/**
 * Sends every message up to `level` to `log`, for all models in the process. NULL or LLMODEL_LOG_NONE, which is the
 * initial state, silences the library. When this returns, no call to the previous function is in progress.
 */
LLMODEL_API void llmodel_set_log(llmodel_log_fn log, void *user, llmodel_log_level level);

/* --------------------------------------------------------------------------------------- what the machine can run */

/**
 * JSON: the usable devices, and every backend module found, with the reason if it was refused.
 *
 * Modules are loaded once per process, here or by the first call that needs one. At that time the environment may name
 * the one for the processor, such as GPT4ALL_CPU_MODULE=haswell. If it cannot be loaded, "cpu" says so here, and
 * anything that computes fails with LLMODEL_INVALID_ARGUMENT (no such module) or LLMODEL_UNSUPPORTED (not for this
 * processor).
 */
LLMODEL_API llmodel_status llmodel_devices(char **json, llmodel_error **error);

/**
 * Reads a model's metadata without loading its weights: architecture, quantisation, parameters, context length, chat
 * template, special tokens, and the memory that opening it with `options_json` (`$defs/open_options`; NULL for the
 * defaults) would take on each device, in bytes.
 */
LLMODEL_API llmodel_status llmodel_inspect(const char *path, const char *options_json, char **json,
                                           llmodel_error **error);

/* ---------------------------------------------------------------------------------------------------------- models */

typedef struct llmodel_model llmodel_model;

/** `progress` goes from 0 to 1. Return 0 to continue, anything else to cancel. Called on the thread that called the
 *  function it was passed to. */
typedef int32_t (*llmodel_progress_fn)(float progress, void *user);

/**
 * Opens a model file: GGUF, or a format of 2023 that llmodel_convert() knows, which is translated on first use, into a
 * cache (option `cache_dir`), and opened from there afterwards. `options_json` is `$defs/open_options`, NULL for the
 * defaults; `progress` may be NULL. On success, `*model` is a handle, to be closed with llmodel_close().
 */
LLMODEL_API llmodel_status llmodel_open(const char *path, const char *options_json, llmodel_progress_fn progress,
                                        void *user, llmodel_model **model, llmodel_error **error);

/** JSON: what llmodel_inspect() reports, and how the model was actually opened. */
LLMODEL_API llmodel_status llmodel_info(llmodel_model *model, char **json, llmodel_error **error);

/** Cancels the model's tasks, waits for its threads and releases it. Its tasks still have to be freed, and return
 *  LLMODEL_CANCELLED; new requests return LLMODEL_CLOSED. NULL and closed handles are allowed. */
LLMODEL_API void llmodel_close(llmodel_model *model);

/**
 * Writes what a slot of the model remembers (its tokens and their state) to `path`, either completely or not at all:
 * that of whichever request used it last. The operation `save_state` saves that of a conversation, whoever else asks.
 * `request_json` is `$defs/state_request`. `*json` receives `$defs/state_result`; `json` may be NULL.
 */
LLMODEL_API llmodel_status llmodel_save_state(llmodel_model *model, const char *path, const char *request_json,
                                              char **json, llmodel_error **error);

/** Reads back what llmodel_save_state() wrote with the same model file. Requests that begin with the same tokens then
 *  continue from there. LLMODEL_INVALID_MODEL if the file is damaged or belongs to another model. */
LLMODEL_API llmodel_status llmodel_restore_state(llmodel_model *model, const char *path, const char *request_json,
                                                 char **json, llmodel_error **error);

/* ----------------------------------------------------------------------------------------------------------- tasks */

typedef struct llmodel_task llmodel_task;

/**
 * Starts an operation and returns at once. `operation` is one of chat, complete, infill, embed, rerank, score,
 * score_batch, tokenize, detokenize, apply_template, count_tokens, adapters, save_state; `request_json` is
 * `$defs/<operation>_request`. On success, `*task` is a handle, to be freed with llmodel_task_free().
 */
LLMODEL_API llmodel_status llmodel_submit(llmodel_model *model, const char *operation, const char *request_json,
                                          llmodel_task **task, llmodel_error **error);

typedef enum llmodel_event_kind {
    LLMODEL_EVENT_NONE = 0,           /**< What llmodel_next() sets if it gives no event. */
    LLMODEL_EVENT_STARTED = 1,        /**< The request is running. No data. */
    LLMODEL_EVENT_PROGRESS = 2,       /**< JSON `$defs/progress_event`: how many prompt tokens, or inputs, are done. */
    LLMODEL_EVENT_TEXT = 3,           /**< UTF-8, in whole code points: the answer. */
    LLMODEL_EVENT_REASONING = 4,      /**< UTF-8, in whole code points: what the model thinks before it answers. */
    LLMODEL_EVENT_TOOL_CALL = 5,      /**< JSON `$defs/tool_call_event`: a piece of a tool call. */
    LLMODEL_EVENT_EMBEDDING = 6,      /**< float32 in the machine's byte order; `size` is in bytes. */
    LLMODEL_EVENT_LOGPROBS = 7,       /**< float32: one row of log-probabilities over the vocabulary, from score. */
    LLMODEL_EVENT_RESULT = 8,         /**< JSON `$defs/<operation>_result`: the complete result, once. */
    LLMODEL_EVENT_DONE = 9,           /**< The last event; every later call returns it again. No data. */
    LLMODEL_EVENT_TOKEN_LOGPROBS = 10 /**< JSON `$defs/logprobs`: how probable tokens were whose text has been given. */
} llmodel_event_kind;

typedef struct llmodel_event {
    int32_t kind;     /**< An llmodel_event_kind. */
    int32_t index;    /**< Which choice, input or row of the request the event belongs to, from 0. */
    const void *data; /**< NUL-terminated if it is text. Borrowed until the task's next llmodel_next() or free. */
    size_t size;      /**< Bytes in `data`, without the NUL. */
} llmodel_event;

/**
 * Waits up to `timeout_ms` milliseconds (negative: without limit; 0: not at all) for the task's next event. Only one
 * thread at a time may call this for a given task. A failed task returns its error again at every later call.
 */
LLMODEL_API llmodel_status llmodel_next(llmodel_task *task, int32_t timeout_ms, llmodel_event *event,
                                        llmodel_error **error);

/** Stops a task; may be called from any thread. A thread that is waiting for it wakes at once with LLMODEL_CANCELLED;
 *  the engine turns to other work within one batch. Harmless for NULL, a finished or a freed task. */
LLMODEL_API void llmodel_cancel(llmodel_task *task);

/** Cancels the task if it is still running, and releases it. Must not be called while another thread is in
 *  llmodel_next() for it: cancel, join, free. NULL and freed handles are allowed. */
LLMODEL_API void llmodel_task_free(llmodel_task *task);

/* -------------------------------------------------------------------------------------------------------- quantise */

/**
 * Writes the model at `path` to `out_path` in another type. `options_json` is `$defs/quantize_options`. The file
 * appears at `out_path` only when it is complete. `*json` receives `$defs/quantize_result`; `json` and `progress`
 * may be NULL.
 */
LLMODEL_API llmodel_status llmodel_quantize(const char *path, const char *out_path, const char *options_json,
                                            llmodel_progress_fn progress, void *user, char **json,
                                            llmodel_error **error);

/**
 * Writes to `out_path` how much each column of the weights of the model at `path` matters, for the option `imatrix` of
 * llmodel_quantize(): it runs a text through the model and adds up the squares of what each column is multiplied with.
 * The format is llama.cpp's. `options_json` is `$defs/imatrix_options`, which must give either `text` or `file`. The
 * file appears at `out_path` only when it is complete. `*json` receives `$defs/imatrix_result`; `json` and `progress`
 * may be NULL. A text that is too short or missing gives LLMODEL_INVALID_ARGUMENT; a model that computes numbers that
 * are not finite gives LLMODEL_INVALID_MODEL.
 */
LLMODEL_API llmodel_status llmodel_imatrix(const char *path, const char *out_path, const char *options_json,
                                           llmodel_progress_fn progress, void *user, char **json,
                                           llmodel_error **error);

/* --------------------------------------------------------------------------------------------------------- convert */

/**
 * Writes the model at `path`, of one of the formats of 2023, to `out_path` as GGUF: LLaMA as ggml, ggmf and ggjt, GPT-J
 * and MPT as ggml, MPT as ggmm, and GGUF of the architecture gptj, which llama.cpp runs as phi2. llmodel_open() does
 * the same automatically, into its cache. `options_json` is `$defs/convert_options`, NULL for the defaults. The file
 * appears at `out_path` only when it is complete. `*json` receives `$defs/convert_result`, which reports what had to be
 * chosen; `json` and `progress` may be NULL. A file that ends too early or is damaged gives LLMODEL_INVALID_MODEL with
 * the tensor and the byte; one of another kind gives LLMODEL_UNSUPPORTED.
 */
LLMODEL_API llmodel_status llmodel_convert(const char *path, const char *out_path, const char *options_json,
                                           llmodel_progress_fn progress, void *user, char **json,
                                           llmodel_error **error);

/* ------------------------------------------------------------------------------------------------ several machines */

/** Called on the thread that called llmodel_serve_worker(): with an event (`$defs/worker_event`), borrowed, and about
 * ten times a second with NULL. Return 0 to go on, anything else to stop. */
typedef int32_t (*llmodel_worker_fn)(const char *event_json, void *user);

/**
 * Lets models of other machines compute on this one's devices, until `notify` says to stop: they name it in their
 * option `workers`. `options_json` is `$defs/worker_options`, NULL for the defaults, which listen on this machine
 * alone.
 *
 * Whoever can connect can use the devices, send what crashes the process, and read what others send: the protocol, that
 * of llama.cpp's RPC backend, has neither passwords nor encryption. So an address that is neither loopback nor of a
 * private network is LLMODEL_INVALID_ARGUMENT, unless `any_address` is set. LLMODEL_IO if the address cannot be
 * listened on. Stopping waits for what is being computed.
 */
LLMODEL_API llmodel_status llmodel_serve_worker(const char *options_json, llmodel_worker_fn notify, void *user,
                                                llmodel_error **error);

#ifdef __cplusplus
}
#endif

#endif /* LLMODEL_H */
