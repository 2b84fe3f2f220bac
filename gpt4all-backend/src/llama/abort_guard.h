#pragma once

namespace llmodel {

/** While one lives, a failed assertion of ggml or llama.cpp on this thread is an Error(LLMODEL_INTERNAL) rather than
 * the end of the process. Assertions on ggml's compute threads cannot be caught; files and requests are checked
 * beforehand so that none of theirs is reached. */
class AbortGuard {
  public:
    AbortGuard();
    ~AbortGuard();
    AbortGuard(const AbortGuard &) = delete;
    AbortGuard &operator=(const AbortGuard &) = delete;
};

/** For the copy of ggml that a backend module carries: gives AbortGuard's answer to its failed assertions too. */
void on_module_abort(const char *message);

} // namespace llmodel
