#include "platform/file_status.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace llmodel {

namespace {

std::int64_t nanoseconds(const timespec &time) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    return static_cast<std::int64_t>(time.tv_sec) * ns_per_second + time.tv_nsec;
}

FileStatus status_from(int answer, const struct stat &status) {
    if (answer != 0) {
        throw std::system_error(errno, std::generic_category());
    }
#ifdef __APPLE__
    const timespec &modified = status.st_mtimespec;
    const timespec &changed = status.st_ctimespec;
#else
    const timespec &modified = status.st_mtim;
    const timespec &changed = status.st_ctim;
#endif
    return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
            static_cast<std::uint64_t>(status.st_size), nanoseconds(modified), nanoseconds(changed)};
}

} // namespace

FileStatus file_status(const std::filesystem::path &path) {
    struct stat status {};
    return status_from(stat(path.c_str(), &status), status);
}

FileStatus file_status(int descriptor) {
    struct stat status {};
    return status_from(fstat(descriptor, &status), status);
}

} // namespace llmodel
