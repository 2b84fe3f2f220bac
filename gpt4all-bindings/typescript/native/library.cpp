#include "library.h"

#include <atomic>
#include <mutex>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace gpt4all {

namespace {

Library functions;
std::atomic<bool> loaded{false};
std::mutex loading;

#if defined(_WIN32)
using Handle = HMODULE;

std::wstring wide(const std::string &text) {
    const int size = MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
    std::wstring result(static_cast<size_t>(size), L'\0');
    MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), result.data(), size);
    return result;
}

Handle open_file(const std::string &path, std::string &wrong) {
    // its own folder is searched for what it is linked with
    const Handle handle = LoadLibraryExW(wide(path).c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (handle == nullptr) {
        wrong = "Windows cannot load it: error " + std::to_string(GetLastError());
    }
    return handle;
}

void *symbol(Handle handle, const char *name) {
    return reinterpret_cast<void *>(GetProcAddress(handle, name));
}
#else
using Handle = void *;

Handle open_file(const std::string &path, std::string &wrong) {
    // Private: its symbols must not become those of other libraries in this process.
    const Handle handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char *text = dlerror();
        wrong = text != nullptr ? text : "it cannot be loaded";
    }
    return handle;
}

void *symbol(Handle handle, const char *name) {
    return dlsym(handle, name);
}
#endif

template<typename Function> bool find(Handle handle, const char *name, Function &function, std::string &wrong) {
    void *const found = symbol(handle, name);
    if (found == nullptr) {
        wrong = std::string("it has no function ") + name + ", so it is another library or another version";
        return false;
    }
    function = reinterpret_cast<Function>(found);
    return true;
}

} // namespace

std::string load_library(const std::string &path) {
    const std::lock_guard lock(loading);
    if (loaded) {
        return {};
    }
    std::string wrong;
    const Handle handle = open_file(path, wrong);
    if (handle == nullptr) {
        return wrong;
    }
    // The version first: a library of another one may lack functions.
    Library found{};
    if (!find(handle, "llmodel_abi_version", found.llmodel_abi_version, wrong)) {
        return wrong;
    }
    if (const uint32_t version = found.llmodel_abi_version(); version != LLMODEL_ABI_VERSION) {
        return "it has version " + std::to_string(version) + " of the interface where " +
               std::to_string(LLMODEL_ABI_VERSION) + " is needed";
    }
#define GPT4ALL_FIND(type, name, parameters, arguments)                                                                \
    if (!find(handle, #name, found.name, wrong)) {                                                                     \
        return wrong;                                                                                                  \
    }
    LLMODEL_FUNCTIONS(GPT4ALL_FIND)
#undef GPT4ALL_FIND
    functions = found;
    loaded = true;
    return {};
}

const Library &library() {
    return functions;
}

bool is_loaded() {
    return loaded;
}

} // namespace gpt4all
