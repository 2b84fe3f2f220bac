#pragma once

#include "error.h"

#include <chrono>

namespace llmodel {

/** How often what waits for something else looks whether it is cancelled. */
inline constexpr auto cancel_poll = std::chrono::milliseconds(20);

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
