#pragma once

#include "error.h"
#include "gguf/gguf_file.h"
#include "open_options.h"

#include <cstdint>
#include <filesystem>

namespace llmodel {

/** What opening `model` as in `options` takes, in bytes, by device: `$defs/memory_estimate`. Throws Error. */
json estimate_memory(const OpenOptions &options, const GgufFile &model);

/** Tells in an estimate what is free by now. */
void update_free_memory(json &estimate);

/** Throws Error(LLMODEL_OUT_OF_MEMORY) if `estimate` is over the budget given, or over what is free. */
void check_memory_budget(const OpenOptions &options, const json &estimate);

/** `$defs/inspect_result` of a model that has been validated, and the estimate for it. Throws Error. */
json describe(const GgufFile &file, json memory);

/** `$defs/inspect_result`: reads and validates the file, without its weights. Throws Error. */
json inspect(const std::filesystem::path &path, const json &options);

/** Whether the model makes vectors only: each of its tokens sees those that follow, so that it cannot generate. */
bool only_encodes(const GgufFile &file);

} // namespace llmodel
