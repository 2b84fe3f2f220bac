#include "platform/dynamic_library.h"

#include <dlfcn.h>
#include <system_error>

namespace llmodel {

namespace fs = std::filesystem;

DynamicLibrary DynamicLibrary::open(const fs::path &path, std::string &reason) {
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char *text = dlerror();
        reason = text == nullptr ? "the loader gave no reason" : text;
    }
    return DynamicLibrary(handle);
}

DynamicLibrary::~DynamicLibrary() {
    if (handle_ != nullptr) {
        dlclose(handle_);
    }
}

void *DynamicLibrary::address(const char *name) const {
    return dlsym(handle_, name);
}

fs::path own_folder() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void *>(&own_folder), &info) == 0 || info.dli_fname == nullptr) {
        return {};
    }
    std::error_code error;
    const fs::path file = fs::canonical(info.dli_fname, error);
    return error ? fs::path() : file.parent_path();
}

} // namespace llmodel
