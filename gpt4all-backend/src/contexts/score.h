#pragma once

#include "contexts/context.h"

namespace llmodel {

/** `$defs/score_request` in; LOGPROBS events and `$defs/score_result` out. Throws Error. */
void score(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink);

} // namespace llmodel
