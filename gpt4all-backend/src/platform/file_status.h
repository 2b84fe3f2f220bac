#pragma once

#include <cstdint>
#include <filesystem>

namespace llmodel {

/** Which file it is, and when it was changed. */
struct FileStatus {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;       /**< Bytes. */
    std::int64_t modified_ns = 0; /**< Nanoseconds since 1970. */
    std::int64_t changed_ns = 0;  /**< The same, which also renaming is, and which no program can set. */
};

/** Of what a link leads to. Throws std::system_error. */
FileStatus file_status(const std::filesystem::path &path);
/** Of an open file, by its descriptor. Throws std::system_error. */
FileStatus file_status(int descriptor);

} // namespace llmodel
