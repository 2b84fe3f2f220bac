#include "platform/file_lock.h"

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace llmodel {

FileLock::FileLock(const std::filesystem::path &path, const std::function<void()> &wait)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category());
    }
    try {
        while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK && errno != EINTR) {
                throw std::system_error(errno, std::generic_category());
            }
            wait();
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    } catch (...) {
        close(descriptor_);
        throw;
    }
}

FileLock::~FileLock() {
    flock(descriptor_, LOCK_UN); // a child that was forked meanwhile has it open, too
    close(descriptor_);
}

} // namespace llmodel
