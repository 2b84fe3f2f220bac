#pragma once

#include "contexts/context.h"
#include "tasks/event_sink.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace llmodel {

/** What became of one sequence: one vector, or with pooling "none" one for each token, one after the other. */
using Pooled = std::vector<float>;

/** Throws Error(LLMODEL_INVALID_MODEL) if the model made something else than numbers. */
void check_finite(const Pooled &vectors);

/** Runs `sequences`, none longer than the context's limit, in shared batches and hands over each one's vectors, in the
 *  order given. The context is free while `deliver` runs and between windows of sequences, so that a slow consumer
 * keeps nobody waiting. Emits progress events. Throws Error. */
void pool(Context &context, const std::vector<Tokens> &sequences, PoolingType pooling,
          const std::vector<ScaledAdapter> &adapters, EventSink &sink,
          const std::function<void(size_t index, Pooled &vectors)> &deliver);

} // namespace llmodel
