#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace llmodel {

/** A library that was loaded while the program runs; it stays as long as one of those that opened it lives. */
class DynamicLibrary {
  public:
    /** Opens the file `path`, whose symbols nobody else sees. Empty if that fails, and then `reason` says why. */
    static DynamicLibrary open(const std::filesystem::path &path, std::string &reason);

    DynamicLibrary() = default;
    ~DynamicLibrary();
    DynamicLibrary(DynamicLibrary &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    DynamicLibrary &operator=(DynamicLibrary &&other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }

    explicit operator bool() const { return handle_ != nullptr; }

    /** Lets it stay until the process ends. */
    void keep() { handle_ = nullptr; }

    /** The function of that name, nullptr if there is none. */
    template<typename Function> Function *function(const char *name) const {
        return reinterpret_cast<Function *>(address(name));
    }

  private:
    explicit DynamicLibrary(void *handle) : handle_(handle) {}
    void *address(const char *name) const;

    void *handle_ = nullptr;
};

/** The folder of the library, or of the program, that this function is linked into; empty where that is unknown. */
std::filesystem::path own_folder();

} // namespace llmodel
