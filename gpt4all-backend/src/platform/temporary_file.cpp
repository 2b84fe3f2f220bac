#include "platform/temporary_file.h"

#include "error.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace llmodel {

namespace {

constexpr int most_links = 40; // as Linux follows

[[noreturn]] void fail(const std::filesystem::path &target, const char *what, int code) {
    const std::string reason = std::generic_category().message(code);
    throw Error(code == ENOENT ? LLMODEL_NOT_FOUND : LLMODEL_IO, target.string() + ": " + what + ": " + reason,
                {{"path", target.string()}, {"errno", code}});
}

/** What the file takes the place of: where a link leads, and never a device or a folder. */
std::filesystem::path written_to(std::filesystem::path target) {
    std::error_code ignored;
    for (int links = 0; links < most_links && std::filesystem::is_symlink(target, ignored); ++links) {
        target = target.parent_path() / std::filesystem::read_symlink(target, ignored); // an absolute one stays alone
    }
    const auto there = std::filesystem::status(target, ignored);
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    target.string() + " is not a regular file; give the output file another name",
                    {{"path", target.string()}});
    }
    return target;
}

/** Lets the system write a stretch of a file that it would keep in memory for now. Only advice. */
void start_writing(int descriptor, std::uint64_t offset, std::uint64_t size) {
#ifdef SYNC_FILE_RANGE_WRITE
    sync_file_range(descriptor, static_cast<off_t>(offset), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE);
#else
    static_cast<void>(descriptor + offset + size);
#endif
}

} // namespace

TemporaryFile::TemporaryFile(std::filesystem::path target) : target_(written_to(std::move(target))) {
    std::string name = target_.string() + ".XXXXXX.part";
    descriptor_ = mkostemps(name.data(), 5, O_APPEND | O_CLOEXEC);
    if (descriptor_ < 0) {
        fail(target_, "the file cannot be written", errno);
    }
    path_ = name;
}

TemporaryFile::~TemporaryFile() {
    close(descriptor_);
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
}

void TemporaryFile::append(std::string_view bytes) {
    const std::uint64_t first = appended_;
    while (!bytes.empty()) {
        const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail(target_, "the file cannot be written", errno);
        }
        bytes.remove_prefix(static_cast<size_t>(written));
        appended_ += static_cast<std::uint64_t>(written);
    }
    start_writing(descriptor_, first, appended_ - first);
}

void TemporaryFile::commit_as(const std::filesystem::path &target) {
    if (fsync(descriptor_) != 0) {
        fail(target, "the file cannot be flushed to disk", errno);
    }
    if (std::rename(path_.c_str(), target.c_str()) != 0) {
        fail(target, "the file cannot be renamed into place", errno);
    }
    path_.clear();
}

} // namespace llmodel
