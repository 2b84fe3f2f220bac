/* The library, opened at run time, so that a program is built without it. */
#ifndef GPT4ALL_SHIM_H
#define GPT4ALL_SHIM_H

/* Hidden: the program exports what it has, and the library must not find our functions where it calls its own. */
#pragma GCC visibility push(hidden)

#include "llmodel.h"

#include <stdatomic.h>

/** Opens the library at `path`, an absolute one, whose functions can then be called. Returns NULL, or why that cannot
 * be done, to be freed. Not for two threads at once. */
char *gpt4all_open_library(const char *path);

/** What a long call is told and asked while it runs. */
typedef struct gpt4all_progress {
    _Atomic int32_t cancelled; /* not 0: the call is to end */
    uintptr_t listener;        /* a cgo.Handle of Go's function; 0 if there is none */
} gpt4all_progress;

gpt4all_progress *gpt4all_progress_new(uintptr_t listener);
void gpt4all_progress_cancel(gpt4all_progress *progress);

/** An llmodel_progress_fn, whose `user` is a gpt4all_progress. */
int32_t gpt4all_progress_report(float fraction, void *user);

/** Sends messages up to `level` to Go. */
void gpt4all_log(llmodel_log_level level);

#pragma GCC visibility pop

#endif /* GPT4ALL_SHIM_H */
