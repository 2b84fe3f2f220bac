#include "platform/random_access_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace llmodel {

namespace {

[[noreturn]] void fail() {
    throw std::system_error(errno, std::generic_category());
}

/** Calls `step` with what is done until all is, or it returns 0. The number of bytes that were done. */
template<typename Step> std::size_t all_of(std::size_t size, const Step &step) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t some = step(done);
        if (some < 0 && errno != EINTR) {
            fail();
        }
        if (some == 0) {
            break;
        }
        done += static_cast<std::size_t>(some > 0 ? some : 0);
    }
    return done;
}

struct stat status_of(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) {
        fail();
    }
    return status;
}

} // namespace

RandomAccessFile::RandomAccessFile(std::filesystem::path path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {
    if (descriptor < 0) {
        fail();
    }
}

RandomAccessFile RandomAccessFile::create(const std::filesystem::path &beginning) {
    constexpr std::string_view ending = ".part";
    std::string name = beginning.string() + ".XXXXXX" + std::string(ending); // the system draws what is crossed
    const int descriptor = mkostemps(name.data(), static_cast<int>(ending.size()), O_CLOEXEC);
    return {name, descriptor};
}

RandomAccessFile RandomAccessFile::open(const std::filesystem::path &path, bool writable) {
    return {path, ::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
}

RandomAccessFile::~RandomAccessFile() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

RandomAccessFile::RandomAccessFile(RandomAccessFile &&other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

std::uint64_t RandomAccessFile::size() const {
    return static_cast<std::uint64_t>(status_of(descriptor_).st_size);
}

bool RandomAccessFile::is_trusted() const {
    const struct stat status = status_of(descriptor_);
    return S_ISREG(status.st_mode) && (status.st_uid == geteuid() || status.st_uid == 0) &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool RandomAccessFile::read(std::span<std::byte> into, std::uint64_t offset) const {
    return all_of(into.size(), [&](std::size_t done) {
               return pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
           }) == into.size();
}

void RandomAccessFile::write(std::span<const std::byte> bytes, std::uint64_t offset) {
    all_of(bytes.size(), [&](std::size_t done) {
        return pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    });
}

void RandomAccessFile::touch() noexcept {
    static_cast<void>(futimens(descriptor_, nullptr));
}

void RandomAccessFile::rename_to(const std::filesystem::path &path) {
    if (std::rename(path_.c_str(), path.c_str()) != 0) {
        fail();
    }
    path_ = path;
}

} // namespace llmodel
