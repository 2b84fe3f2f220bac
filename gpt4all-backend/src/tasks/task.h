#pragma once

#include "tasks/deadline.h"
#include "tasks/event.h"

namespace llmodel {

/** A request under way, as llmodel_next() sees it. */
class Task {
  public:
    virtual ~Task() = default;

    /** The next event, valid until the next call, or nullptr at the deadline. After the last event it is DONE for ever;
     *  after a failure the same Error is thrown for ever. One thread at a time. */
    virtual const Event *next(const Deadline &deadline) = 0;

    /** From any thread: wakes the waiting one with an Error of LLMODEL_CANCELLED. */
    virtual void cancel() noexcept = 0;

    /** After cancel(): waits for the consumer to leave next(), and lets go of the model. */
    virtual void detach() noexcept {}
};

} // namespace llmodel
