#pragma once

#include "error.h"

#include <filesystem>
#include <functional>

namespace llmodel {

/** `$defs/quantize_options` in, `$defs/quantize_result` out; `progress` gets 0 to 1 and returns false to cancel. The
 *  file appears under `out_path` only when it is complete. Throws Error. */
json quantize(const std::filesystem::path &path, const std::filesystem::path &out_path, const json &options,
              const std::function<bool(float)> &progress);

} // namespace llmodel
