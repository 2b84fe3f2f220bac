#include "panels/panel_files.h"

#include "platform/memory_from_file.h"
#include "threads/each_part.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

namespace llmodel::panels {

namespace {

constexpr std::size_t files_of_image = 4;

} // namespace

PanelFiles::PanelFiles(const PanelImage &image, const std::filesystem::path &folder, const std::string &key)
    : image_(image) {
    for (std::size_t i = 0; i < files_of_image; ++i) {
        const std::size_t first = image.windows() * i / files_of_image;
        const std::string name = key + "-" + std::to_string(i);
        shares_.push_back({.key = name,
                           .path = folder / (name + PanelFile::extension),
                           .first = first,
                           .windows = image.windows() * (i + 1) / files_of_image - first});
    }
}

std::uint64_t PanelFiles::bytes() const {
    return image_.size() + shares_.size() * PanelFile::offset;
}

bool PanelFiles::open() {
    files_.clear();
    for (const Share &share : shares_) {
        auto file = PanelFile::open(share.path, share.key, share.windows);
        if (!file) {
            files_.clear();
            return false;
        }
        files_.push_back(std::move(*file));
    }
    return true;
}

void PanelFiles::create() {
    files_.clear();
    for (const Share &share : shares_) {
        files_.push_back(PanelFile::create(share.path, share.key, share.windows));
    }
}

void PanelFiles::finish() {
    for (PanelFile &file : files_) {
        file.finish();
    }
}

void PanelFiles::remove() const {
    for (const Share &share : shares_) {
        std::error_code ignored;
        std::filesystem::remove(share.path, ignored);
    }
}

void PanelFiles::map() const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        std::byte *begin = static_cast<std::byte *>(image_.memory()) + shares_[i].first * PanelFile::window_bytes;
        map_over(begin, shares_[i].bytes(), files_[i].descriptor(), PanelFile::offset);
    }
}

PanelFiles::Check PanelFiles::check(const Progress &progress) {
    if (std::all_of(files_.begin(), files_.end(), [](const PanelFile &file) { return file.is_checked(); })) {
        return Check::passed;
    }
    std::atomic<bool> failed{false};
    const auto compare = [&](std::size_t of_image, const PanelFile &file, std::size_t of_file) {
        if (!file.is_as_written(of_file, image_.shown(of_image))) {
            failed = true;
        }
        return !failed;
    };
    if (!for_each_window([&] { return compare; }, progress)) {
        return failed ? Check::failed : Check::given_up;
    }
    for (PanelFile &file : files_) {
        file.note_check();
    }
    return Check::passed;
}

bool PanelFiles::for_each_window(const std::function<Step()> &begin, const Progress &progress) {
    const std::size_t most = (image_.windows() + shares_.size() - 1) / shares_.size(); // in one file
    const auto begin_part = [&] {
        return [this, step = begin()](std::size_t number) {
            const std::size_t of_file = number % shares_.size(); // two threads seldom want the same one
            const std::size_t window = number / shares_.size();
            return window >= shares_[of_file].windows || step(shares_[of_file].first + window, files_[of_file], window);
        };
    };
    return for_each_part(most * shares_.size(), begin_part, progress);
}

} // namespace llmodel::panels
