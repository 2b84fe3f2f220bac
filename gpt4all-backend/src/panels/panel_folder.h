#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace llmodel::panels {

/** Whether the folder has a file whose name begins so. */
bool has_file(const std::filesystem::path &folder, const std::string &beginning);

/** Removes what is kept of the same model files before they were changed. `name` is that of name_of_files(). */
void remove_older(const std::filesystem::path &folder, const std::string &name);

/** Makes room for a file of so many bytes, within the limit, by removing those that were not used for longest, and what
 *  processes that were killed have left. False, and nothing is removed, where it is too large: for the limit, or
 * because it would take more than a tenth of what is free on the disk. Nobody else may be writing. */
bool make_room(const std::filesystem::path &folder, std::uint64_t bytes, std::optional<std::uint64_t> limit_bytes);

/** Whether files in the folder can be mapped in large pages, which depends on the system and on the kind of disk: it is
 *  tried with a small one. Throws std::system_error where it cannot be written. */
bool maps_large_pages(const std::filesystem::path &folder);

} // namespace llmodel::panels
