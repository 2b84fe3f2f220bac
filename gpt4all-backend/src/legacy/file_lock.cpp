#include "legacy/file_lock.h"

#include "error.h"

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace llmodel::legacy {

FileLock::FileLock(const std::filesystem::path &path, const std::function<void()> &wait)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    const auto fail = [&path](int code) {
        throw Error(LLMODEL_IO,
                    path.string() + ": the lock cannot be had: " + std::generic_category().message(code) +
                        "; set GPT4ALL_CACHE or the option cache_dir to a folder that can be written",
                    {{"path", path.string()}, {"errno", code}});
    };
    if (descriptor_ < 0) {
        fail(errno);
    }
    try {
        while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK && errno != EINTR) {
                fail(errno);
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
    close(descriptor_); // which unlocks it
}

} // namespace llmodel::legacy
