#pragma once

#include <filesystem>
#include <vector>

namespace llmodel {

/** Throws Error(LLMODEL_INVALID_ARGUMENT) if `out_path`, which is to be written, is a folder or one of the files that
 *  are read for it. */
void check_output_path(const std::filesystem::path &out_path, const std::vector<std::filesystem::path> &inputs);

} // namespace llmodel
