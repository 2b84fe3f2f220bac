#pragma once

#include "error.h"

#include <filesystem>
#include <functional>

namespace llmodel {

/** `$defs/imatrix_options` in, `$defs/imatrix_result` out; `progress` gets 0 to 1 and returns false to cancel. The file
 *  appears under `out_path` only when it is complete. Throws Error. */
json make_imatrix(const std::filesystem::path &path, const std::filesystem::path &out_path, const json &options,
                  const std::function<bool(float)> &progress);

} // namespace llmodel
