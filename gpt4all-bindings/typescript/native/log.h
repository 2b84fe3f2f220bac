/** The library's messages, passed on to the environment that asked for them last. */
#ifndef GPT4ALL_LOG_H
#define GPT4ALL_LOG_H

#include "environment.h"

namespace gpt4all {

/** setLog(level, listener): one for the whole process, since the library has one. */
Napi::Value set_log(const Napi::CallbackInfo &info);

/** Ends it if it is this environment's. */
void stop_log(Environment &environment);

} // namespace gpt4all

#endif
