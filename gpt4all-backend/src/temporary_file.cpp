#include "temporary_file.h"

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

[[noreturn]] void fail(const std::filesystem::path &target, const char *what, int code) {
    const std::string reason = std::generic_category().message(code);
    throw Error(code == ENOENT ? LLMODEL_NOT_FOUND : LLMODEL_IO, target.string() + ": " + what + ": " + reason,
                {{"path", target.string()}, {"errno", code}});
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            close(number_);
        }
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int number() const { return number_; }

  private:
    int number_;
};

} // namespace

TemporaryFile::TemporaryFile(std::filesystem::path target) : target_(std::move(target)) {
    std::string name = target_.string() + ".XXXXXX.part";
    const Descriptor file(mkostemps(name.data(), 5, O_CLOEXEC));
    if (file.number() < 0) {
        fail(target_, "the file cannot be written", errno);
    }
    path_ = name;
}

TemporaryFile::~TemporaryFile() {
    if (!path_.empty()) {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
}

void TemporaryFile::append(std::string_view bytes) {
    const Descriptor file(open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    while (!bytes.empty()) {
        const ssize_t written = file.number() < 0 ? -1 : write(file.number(), bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail(target_, "the file cannot be written", errno);
        }
        bytes.remove_prefix(static_cast<size_t>(written));
    }
}

void TemporaryFile::commit_as(const std::filesystem::path &target) {
    {
        const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.number() < 0 || fsync(file.number()) != 0) {
            fail(target, "the file cannot be made durable", errno);
        }
    }
    if (std::rename(path_.c_str(), target.c_str()) != 0) {
        fail(target, "the file cannot be given its name", errno);
    }
    path_.clear();
}

} // namespace llmodel
