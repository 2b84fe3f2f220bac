#pragma once

#include "panels/panel_file.h"
#include "panels/panel_image.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace llmodel::panels {

/** The files that an image is kept in, a stretch of it in each: systems let only one thread at a time write into a
 * file, and that is what takes longest. */
class PanelFiles {
  public:
    /** From 0 to 1; returns false to give up. */
    using Progress = std::function<bool(float)>;
    /** What a thread does with a window of the image, which is one of a file; false to give up. */
    using Step = std::function<bool(std::size_t of_image, PanelFile &file, std::size_t of_file)>;

    /** `image` must outlive it. No file is opened yet. */
    PanelFiles(const PanelImage &image, const std::filesystem::path &folder, const std::string &key);

    /** What all of them take on the disk. */
    std::uint64_t bytes() const;

    /** False if not all are there. */
    bool open();
    /** Throws std::system_error. */
    void create();
    /** Gives them their names. Throws std::system_error. */
    void finish();
    void remove() const;

    /** Has the image's memory show them, read-only. Throws std::system_error. */
    void map() const;

    enum class Check { passed, failed, given_up };
    /** Whether the image's memory has what was once written, by hashes, which takes time once after each start of the
     *  system. */
    Check check(const Progress &progress);

    /** Goes through all windows, on all processors; each begins a step of its own. False if one gave up. */
    bool for_each_window(const std::function<Step()> &begin, const Progress &progress);

  private:
    /** The windows of one file. */
    struct Share {
        std::string key;
        std::filesystem::path path;
        std::size_t first;
        std::size_t windows;

        std::size_t bytes() const { return windows * PanelFile::window_bytes; }
    };

    const PanelImage &image_;
    std::vector<Share> shares_;
    std::vector<PanelFile> files_; // of the shares, once they are open
};

} // namespace llmodel::panels
