#pragma once

#include "tokens/input_spans.h"

namespace llmodel {

/** While one lives, text that is split into tokens on this thread has control tokens only where no byte of their names
 *  came from a request. Those that a model's file declares as words of its own, such as many a `<think>`, are no
 * control tokens. */
class SpecialTokenGuard {
  public:
    /** `input`: of the text that is split next; outlives this. */
    explicit SpecialTokenGuard(const InputSpans &input);
    ~SpecialTokenGuard();
    SpecialTokenGuard(const SpecialTokenGuard &) = delete;
    SpecialTokenGuard &operator=(const SpecialTokenGuard &) = delete;

  private:
    const InputSpans *outer_;
};

} // namespace llmodel
