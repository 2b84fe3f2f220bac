#pragma once

#include "error.h"
#include "tasks/cancellable.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace llmodel {

/** Where an operation that runs on a thread of its own puts its events. */
class EventSink : public Cancellable {
  public:
    /** Blocks while the consumer lags far behind. Throws Error(LLMODEL_CANCELLED) once the task is cancelled. */
    virtual void emit(llmodel_event_kind kind, int32_t index, std::string data) = 0;

    void emit_json(llmodel_event_kind kind, int32_t index, const json &value);
    void emit_floats(llmodel_event_kind kind, int32_t index, const float *values, size_t count);
};

} // namespace llmodel
