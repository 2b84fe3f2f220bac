#pragma once

#include "engine/engine.h"
#include "error.h"

#include <filesystem>

namespace llmodel {

/** `$defs/state_request` in, `$defs/state_result` out. Throw Error. */
json save_state(Engine &engine, const std::filesystem::path &path, const json &request);
json restore_state(Engine &engine, const std::filesystem::path &path, const json &request);

} // namespace llmodel
