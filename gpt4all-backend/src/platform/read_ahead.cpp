#include "platform/read_ahead.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace llmodel {

namespace {

constexpr std::uint64_t window_bytes = std::uint64_t{64} << 20; // in the page cache, not in this process
constexpr std::uint64_t least_bytes = std::uint64_t{16} << 20;  // to ask for at once

} // namespace

ReadAhead::ReadAhead(const std::filesystem::path &path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    read_to(0);
}

ReadAhead::~ReadAhead() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

void ReadAhead::read_to(std::uint64_t offset) {
    const std::uint64_t from = std::max(offset, asked_to_);
    const std::uint64_t to = offset + window_bytes;
    if (descriptor_ < 0 || to < from + least_bytes) {
        return;
    }
#ifdef POSIX_FADV_WILLNEED
    // the answer is of no interest: without it the file is read as it would have been
    static_cast<void>(
        posix_fadvise(descriptor_, static_cast<off_t>(from), static_cast<off_t>(to - from), POSIX_FADV_WILLNEED));
#endif
    asked_to_ = to;
}

} // namespace llmodel
