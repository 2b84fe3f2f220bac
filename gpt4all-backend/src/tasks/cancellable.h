#pragma once

#include "error.h"

namespace llmodel {

/** What computes can be told to stop. */
class Cancellable {
  public:
    virtual ~Cancellable() = default;

    virtual bool cancelled() const noexcept = 0;

    /** Throws Error(LLMODEL_CANCELLED) once it is cancelled. */
    void throw_if_cancelled() const {
        if (cancelled()) {
            throw cancelled_error();
        }
    }
};

} // namespace llmodel
