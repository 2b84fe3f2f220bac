#pragma once

#include <filesystem>
#include <functional>

namespace llmodel {

/** Holds a file locked against other processes and threads, until it is destroyed or the process ends. The file stays:
 *  removing it would let two hold it. */
class FileLock {
  public:
    /** Creates the file and waits for it, calling `wait` ten times a second, which throws to give up. Throws
     *  std::system_error. */
    FileLock(const std::filesystem::path &path, const std::function<void()> &wait);
    ~FileLock();
    FileLock(const FileLock &) = delete;
    FileLock &operator=(const FileLock &) = delete;

  private:
    int descriptor_;
};

} // namespace llmodel
