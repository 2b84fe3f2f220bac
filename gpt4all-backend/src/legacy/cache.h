#pragma once

#include "legacy/convert.h"

#include <filesystem>
#include <optional>
#include <string>

namespace llmodel::legacy {

/** The folder for translations, in cache_folder(). */
std::filesystem::path translations_folder(const std::string &cache_dir);

/** The translation of the model that begins in the file `path`, if it was made before and neither has changed since. */
std::optional<std::filesystem::path> find_translation(const std::filesystem::path &folder,
                                                      const std::filesystem::path &path);

/**
 * The translation of the model, which is made if it is not there. It is named after the content of the model's files. A
 * process or thread that wants the same one meanwhile waits for it.
 *
 * Throws Error as write_translation() does, and LLMODEL_IO for a folder that cannot be written.
 */
std::filesystem::path provide_translation(const std::filesystem::path &folder, const OldModel &model,
                                          const Progress &progress);

} // namespace llmodel::legacy
