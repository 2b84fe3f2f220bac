#pragma once

#include <cstdint>
#include <filesystem>

namespace llmodel {

/** Throws Error(LLMODEL_IO) if `path`, which is to be written, will take more bytes than are free on its disk. */
void require_disk_space(const std::filesystem::path &path, std::uint64_t needed);

} // namespace llmodel
