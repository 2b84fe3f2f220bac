#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace llmodel {

/** A file beside `target` that takes its name when it is complete, and is removed if it never is. */
class TemporaryFile {
  public:
    /** Creates it, empty. A link is followed. Throws Error(LLMODEL_IO or LLMODEL_NOT_FOUND), or
     *  Error(LLMODEL_INVALID_ARGUMENT) for a target that is there and no regular file. */
    explicit TemporaryFile(std::filesystem::path target);
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;

    const std::filesystem::path &path() const { return path_; }

    /** Has the disk begin with it at once, rather than with all of it at the end. Throws Error(LLMODEL_IO). */
    void append(std::string_view bytes);

    /** Flushes it to disk and gives it the target's name. Throws Error(LLMODEL_IO). */
    void commit() { commit_as(target_); }

    /** The same with another name in the target's folder, for a file that is named after its content. */
    void commit_as(const std::filesystem::path &target);

  private:
    std::filesystem::path target_;
    std::filesystem::path path_; // empty once committed
    int descriptor_ = -1;
    std::uint64_t appended_ = 0; // bytes
};

} // namespace llmodel
