/** The library's functions that may take long, each on a thread of its own, as promises. */
#ifndef GPT4ALL_CALLS_H
#define GPT4ALL_CALLS_H

#include <napi.h>

namespace gpt4all {

/** Adds them to the addon's exports; each is a function that returns {promise, cancel()}. */
void add_calls(Napi::Env env, Napi::Object exports);

} // namespace gpt4all

#endif
