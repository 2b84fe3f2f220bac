/** The lock of a download, which Node has no function for. */
#ifndef GPT4ALL_FILE_LOCK_H
#define GPT4ALL_FILE_LOCK_H

#include <napi.h>

namespace gpt4all {

/** lockFile(path): a descriptor; null while another process or descriptor has the lock. Throws what the system says. */
Napi::Value lock_file(const Napi::CallbackInfo &info);

/** unlockFile(descriptor) */
Napi::Value unlock_file(const Napi::CallbackInfo &info);

} // namespace gpt4all

#endif
