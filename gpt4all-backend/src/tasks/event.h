#pragma once

#include "llmodel.h"

#include <cstdint>
#include <string>

namespace llmodel {

/** What llmodel_next() hands out, with its bytes. */
struct Event {
    llmodel_event_kind kind = LLMODEL_EVENT_NONE;
    int32_t index = 0;
    std::string data;
};

} // namespace llmodel
