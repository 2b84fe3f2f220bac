#pragma once

#include "platform/large_pages.h"
#include "platform/random_access_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace llmodel::panels {

/** A file of weights that are laid out: windows of what a buffer has in memory, behind a large page with this head:
 *
 *  | bytes | |
 *  | --- | --- |
 *  | 0 to 63 | the run of the operating system during which all of it was written, or was found to be right |
 *  | 64 to 127 | its key: which weights of which files these are, and in which layout |
 *  | from 4096 | for each window, XXH3 of 64 bits of its bytes |
 *
 *  What was written is there for as long as the system runs. If it stops before all is on the disk, windows may lack
 *  something, which their hashes tell in the next run. A key is a text of less than 64 bytes. Texts end with zeros. */
class PanelFile {
  public:
    static constexpr const char *extension = ".panels";
    static constexpr std::size_t window_bytes = large_page_bytes; // which is how they come to lie in large pages

    /** Where the windows begin. */
    static constexpr std::uint64_t offset = large_page_bytes;

    /** The file at `path`, if it has so many windows under that key. Nothing where there is none, it was cut off, or
     * others may have written it. */
    static std::optional<PanelFile> open(const std::filesystem::path &path, const std::string &key,
                                         std::size_t windows);

    /** A new one at `path`, which gets its name when it is finished and is removed if it never is. Throws
     *  std::system_error. */
    static PanelFile create(const std::filesystem::path &path, const std::string &key, std::size_t windows);

    ~PanelFile();
    PanelFile(PanelFile &&) = default;
    PanelFile &operator=(PanelFile &&) = delete;

    // Windows may be written and read by several threads, each by one. All throw std::system_error.
    void write(std::size_t window, std::span<const std::byte> bytes);
    /** False if the file ends before. */
    bool read(std::size_t window, std::span<std::byte> into) const;

    /** Gives it its name. Throws std::system_error. */
    void finish();

    /** Whether it was written, or found to be right, since the system started. */
    bool is_checked() const { return is_checked_; }
    /** Whether these are the bytes of a window as they were written, by their hash. */
    bool is_as_written(std::size_t window, std::span<const std::byte> bytes) const;
    /** Has is_checked() be true until the system is started again, where the file can be written. */
    void note_check() noexcept;

    int descriptor() const { return file_.descriptor(); }

  private:
    PanelFile(RandomAccessFile file, std::filesystem::path target, std::size_t windows);

    RandomAccessFile file_;
    std::filesystem::path target_; // empty if it has its name
    std::vector<std::uint64_t> hashes_;
    bool is_checked_ = false;
};

} // namespace llmodel::panels
