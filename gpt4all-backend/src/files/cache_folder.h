#pragma once

#include <filesystem>
#include <string>

namespace llmodel {

/** The folder for what can be made again: `cache_dir`, or where that is empty $GPT4ALL_CACHE, or else ~/.cache/gpt4all,
 * as the Python package has it. */
std::filesystem::path cache_folder(const std::string &cache_dir);

} // namespace llmodel
