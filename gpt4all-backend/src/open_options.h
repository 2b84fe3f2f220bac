#pragma once

#include "common.h"
#include "error.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace llmodel {

/** `$defs/open_options`, checked and turned into llama.cpp's own parameters. */
struct OpenOptions {
    json given;                            // as the caller wrote them
    common_params params;                  // what llama.cpp is opened with
    std::optional<uint64_t> memory_budget; // bytes; none: what is free
};

/** `options` has passed the schema. Throws Error for what a schema cannot say: a device that does not exist, a LoRA or
 *  draft file that cannot be found. */
OpenOptions parse_open_options(const std::filesystem::path &path, const json &options);

} // namespace llmodel
