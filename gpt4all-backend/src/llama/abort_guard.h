#pragma once

#include "error.h"

namespace llmodel {

/** A context cannot be used any more: the model has to be opened again, as the error's detail "reopen" says. It is no
 *  std::exception, after which llama.cpp would go on. */
struct ContextAborted {
    Error error;
};

/** While one lives, a failed assertion of ggml or llama.cpp on this thread is an Error(LLMODEL_INTERNAL) rather than
 * the end of the process. Assertions on ggml's compute threads cannot be caught; files and requests are checked
 * beforehand so that none of theirs is reached. */
class AbortGuard {
  public:
    /** nothing: what was begun is dropped. context: what computes may be left behind in any state, with threads that
     *  wait for each other, and ContextAborted is thrown unless the assertion was about the request. */
    enum class Leaves { nothing, context };

    explicit AbortGuard(Leaves leaves = Leaves::nothing);
    ~AbortGuard();
    AbortGuard(const AbortGuard &) = delete;
    AbortGuard &operator=(const AbortGuard &) = delete;

  private:
    Leaves leaves_;
};

/** For the copy of ggml that a backend module carries: gives AbortGuard's answer to its failed assertions too. */
void on_module_abort(const char *message);

} // namespace llmodel
