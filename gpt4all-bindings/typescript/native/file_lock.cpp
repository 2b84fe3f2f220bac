#include "file_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#if defined(_WIN32)
#include <sys/locking.h>
#include <sys/stat.h>

#include <io.h>
#include <share.h>
#else
#include <sys/file.h>
#include <sys/stat.h>

#include <unistd.h>
#endif

namespace gpt4all {

namespace {

#if defined(_WIN32)
int open_file(const std::string &path) {
    return _sopen(path.c_str(), _O_RDWR | _O_CREAT, _SH_DENYNO, _S_IREAD | _S_IWRITE);
}

bool try_lock(int descriptor) {
    return _locking(descriptor, _LK_NBLCK, 1) == 0;
}

// A file that is open cannot be removed.
bool is_still(int, const std::string &) {
    return true;
}

bool is_busy() {
    return errno == EACCES || errno == EDEADLOCK;
}

void close_file(int descriptor) {
    _lseek(descriptor, 0, SEEK_SET);
    _locking(descriptor, _LK_UNLCK, 1);
    _close(descriptor);
}
#else
int open_file(const std::string &path) {
    return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
}

bool try_lock(int descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

// Whether the open file is the one of that name: somebody may have removed it before it was locked.
bool is_still(int descriptor, const std::string &path) {
    struct stat opened = {};
    struct stat named = {};
    return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

bool is_busy() {
    return errno == EWOULDBLOCK || errno == EINTR;
}

void close_file(int descriptor) {
    flock(descriptor, LOCK_UN);
    close(descriptor);
}
#endif

Napi::Error system_error(Napi::Env env, int number) {
    Napi::Error error = Napi::Error::New(env, std::strerror(number));
    error.Set("errno", Napi::Number::New(env, number));
    return error;
}

} // namespace

Napi::Value lock_file(const Napi::CallbackInfo &info) {
    const std::string path = info[0].As<Napi::String>();
    const int descriptor = open_file(path);
    if (descriptor < 0) {
        throw system_error(info.Env(), errno);
    }
    if (try_lock(descriptor)) {
        if (is_still(descriptor, path)) {
            return Napi::Number::New(info.Env(), descriptor);
        }
        close_file(descriptor);
        return info.Env().Null();
    }
    const int number = errno;
    const bool busy = is_busy();
    close_file(descriptor);
    if (!busy) {
        throw system_error(info.Env(), number);
    }
    return info.Env().Null();
}

Napi::Value unlock_file(const Napi::CallbackInfo &info) {
    close_file(info[0].As<Napi::Number>().Int32Value());
    return info.Env().Undefined();
}

} // namespace gpt4all
