#pragma once

#include "llama.h"
#include "options/open_options.h"

#include <functional>
#include <memory>

namespace llmodel {

using Weights = std::unique_ptr<llama_model, decltype(&llama_model_free)>;

/** Loads a model that has been validated, without an engine for it. `progress` gets 0 to 1 and returns false to cancel;
 *  it may be empty. Throws Error. */
Weights load_weights(const OpenOptions &options, const std::function<bool(float)> &progress);

} // namespace llmodel
