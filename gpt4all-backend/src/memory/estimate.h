#pragma once

#include "error.h"
#include "gguf/gguf_file.h"
#include "options/open_options.h"

namespace llmodel {

/** What opening `model` as in `options` takes, in bytes, by device: `$defs/memory_estimate`. Throws Error. */
json estimate_memory(const OpenOptions &options, const GgufFile &model);

/** Updates what is free in an estimate. */
void update_free_memory(json &estimate);

/** Throws Error(LLMODEL_OUT_OF_MEMORY) if `estimate` is over the budget given, or over what is free. */
void check_memory_budget(const OpenOptions &options, const json &estimate);

} // namespace llmodel
