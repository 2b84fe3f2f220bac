/** Requests: a thread for each takes its events from the library and passes them on in batches. */
#ifndef GPT4ALL_TASK_H
#define GPT4ALL_TASK_H

#include <napi.h>

namespace gpt4all {

/**
 * submit(model, operation, request, listener): {task}, or {error}.
 *
 * The listener is called with an array of what has arrived: a string for text of the first choice; [kind, index, data]
 * for every other event; and last, a failure as an object where the request failed. It has to take all of them.
 */
Napi::Value submit(const Napi::CallbackInfo &info);

/** cancel(task): its listener is told so. Harmless for a task that has ended. */
Napi::Value cancel(const Napi::CallbackInfo &info);

} // namespace gpt4all

#endif
