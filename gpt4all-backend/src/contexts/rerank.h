#pragma once

#include "contexts/context.h"

namespace llmodel {

/** `$defs/rerank_request` in, `$defs/rerank_result` out. Throws Error. */
void rerank(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink);

} // namespace llmodel
