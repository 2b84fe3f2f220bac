#pragma once

#include "error.h"

namespace llmodel {

/** The messages as chat templates know them, without what only OpenAI's API has. */
void resolve_messages(json &request);

} // namespace llmodel
