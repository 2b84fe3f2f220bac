#include "platform/file_status.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace llmodel {

FileStatus file_status(const std::filesystem::path &path) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
#ifdef __APPLE__
    const timespec &modified = status.st_mtimespec;
#else
    const timespec &modified = status.st_mtim;
#endif
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
            static_cast<std::uint64_t>(status.st_size),
            static_cast<std::int64_t>(modified.tv_sec) * ns_per_second + modified.tv_nsec};
}

} // namespace llmodel
