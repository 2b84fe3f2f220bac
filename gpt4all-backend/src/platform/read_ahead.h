#pragma once

#include <cstdint>
#include <filesystem>

namespace llmodel {

/** Lets the system fetch what of a file will be read next while what was read is worked on and written: a disk is idle
 *  in between otherwise, as files are read in steps, and systems look only little ahead by themselves. Only advice:
 *  nothing fails where it cannot be given. */
class ReadAhead {
  public:
    explicit ReadAhead(const std::filesystem::path &path);
    ~ReadAhead();
    ReadAhead(const ReadAhead &) = delete;
    ReadAhead &operator=(const ReadAhead &) = delete;

    /** All before `offset` has been read; what comes next follows it. */
    void read_to(std::uint64_t offset);

  private:
    int descriptor_;
    std::uint64_t asked_to_ = 0;
};

} // namespace llmodel
