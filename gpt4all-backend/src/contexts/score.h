#pragma once

#include "contexts/context.h"
#include "tasks/event_sink.h"

namespace llmodel {

/** `$defs/score_request` in; LOGPROBS events and `$defs/score_result` out. Throws Error. */
void score(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink);

/** `$defs/score_batch_request` in; LOGPROBS and PROGRESS events and `$defs/score_batch_result` out. Throws Error. */
void score_batch(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink);

} // namespace llmodel
