#pragma once

#include "error.h"
#include "gguf/gguf_file.h"

#include <filesystem>
#include <string>

namespace llmodel {

struct OpenOptions;

/** `$defs/inspect_result` of a model that has been validated, as `options` open it. Throws Error. */
json describe(const GgufFile &file, const OpenOptions &options);

/** `$defs/inspect_result`: reads and validates the file, without its weights. Throws Error. */
json inspect(const std::filesystem::path &path, const json &options);

/** The type that the file gives itself, or else the one that most weights have, such as "Q4_K_M". */
std::string quantization(const GgufFile &file);

/** Whether the model makes vectors only: each of its tokens sees those that follow, so that it cannot generate. */
bool only_encodes(const GgufFile &file);

} // namespace llmodel
