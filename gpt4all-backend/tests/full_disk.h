#pragma once

#include <sys/resource.h>

#include <csignal>

namespace api {

/** While it lives, no file of this process can grow beyond so many bytes, as if the disk were full. */
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &former_);
        const rlimit small{.rlim_cur = bytes, .rlim_max = former_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
    }

    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &former_);
        std::signal(SIGXFSZ, handler_);
    }

    FullDisk(const FullDisk &) = delete;
    FullDisk &operator=(const FullDisk &) = delete;

  private:
    void (*handler_)(int);
    rlimit former_{};
};

} // namespace api
