#pragma once

#include "error.h"
#include "legacy/old_model.h"
#include "platform/temporary_file.h"

#include <filesystem>
#include <functional>

namespace llmodel::legacy {

/** From 0 to 1; returns false to cancel. */
using Progress = std::function<bool(float)>;

/** Writes the translation of `model` into `file`, telling `progress`, which may be empty. Throws Error: as translate()
 *  does, and LLMODEL_CANCELLED, and LLMODEL_IO where there is no room. */
void write_translation(const OldModel &model, TemporaryFile &file, const Progress &progress,
                       const std::function<void(std::uint64_t read_to)> &watch = {});

/** `$defs/convert_options` in, `$defs/convert_result` out: what llmodel_convert() does. Throws Error. */
json convert(const std::filesystem::path &path, const std::filesystem::path &out_path, const json &options,
             const Progress &progress);

/** The name that a model without one of its own is given: its file's, without the extension. */
std::string name_of_file(const std::filesystem::path &path);

} // namespace llmodel::legacy
