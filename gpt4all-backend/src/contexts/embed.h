#pragma once

#include "contexts/context.h"

#include <span>

namespace llmodel {

/** Scales `vector` in place to length 1 by a norm: -1 leaves it as it is, 0 makes the largest absolute value 32760 (the
 *  range of 16-bit integers), 1 is the taxicab norm, 2 the Euclidean, p > 2 the p-norm. A vector of zeros stays one. */
void normalize(std::span<float> vector, int norm);

/** `$defs/embed_request` in; EMBEDDING events in the order of the inputs and `$defs/embed_result` out. Throws Error. */
void embed(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink);

} // namespace llmodel
