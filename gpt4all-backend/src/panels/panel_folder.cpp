#include "panels/panel_folder.h"

#include "panels/panel_file.h"
#include "platform/large_pages.h"
#include "platform/memory_from_file.h"
#include "platform/random_access_file.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace llmodel::panels {

namespace {

namespace fs = std::filesystem;

/** What is kept of one model. */
struct Kept {
    std::vector<fs::path> files;
    std::uint64_t bytes = 0;
    fs::file_time_type used = fs::file_time_type::min();
};

std::vector<fs::path> files_in(const fs::path &folder, const char *extension) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        if (entry->path().extension() == extension) {
            files.push_back(entry->path());
        }
    }
    return files;
}

/** From what was not used for longest. */
std::vector<Kept> kept_in(const fs::path &folder) {
    std::map<std::string, Kept> by_key;
    for (const fs::path &path : files_in(folder, PanelFile::extension)) {
        std::error_code error;
        const std::uint64_t bytes = fs::file_size(path, error);
        const fs::file_time_type used = error ? fs::file_time_type() : fs::last_write_time(path, error);
        if (!error) {
            const std::string name = path.stem().string();
            Kept &kept = by_key[name.substr(0, name.rfind('-'))]; // behind which is a file's number
            kept.files.push_back(path);
            kept.bytes += bytes;
            kept.used = std::max(kept.used, used);
        }
    }
    std::vector<Kept> kept;
    kept.reserve(by_key.size());
    for (auto &[key, one] : by_key) {
        kept.push_back(std::move(one));
    }
    std::sort(kept.begin(), kept.end(), [](const Kept &one, const Kept &other) { return one.used < other.used; });
    return kept;
}

} // namespace

bool has_file(const fs::path &folder, const std::string &beginning) {
    const std::vector<fs::path> files = files_in(folder, PanelFile::extension);
    return std::any_of(files.begin(), files.end(),
                       [&](const fs::path &path) { return path.filename().string().starts_with(beginning); });
}

void remove_older(const fs::path &folder, const std::string &name) {
    const std::string place = name.substr(0, name.find('-') + 1);
    for (const fs::path &path : files_in(folder, PanelFile::extension)) {
        const std::string file = path.filename().string();
        if (file.starts_with(place) && !file.starts_with(name)) {
            std::error_code ignored;
            fs::remove(path, ignored);
        }
    }
}

bool make_room(const fs::path &folder, std::uint64_t bytes, std::optional<std::uint64_t> limit_bytes) {
    constexpr std::uint64_t part_of_disk = 10;
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    if (error || bytes > space.available / part_of_disk || (limit_bytes && bytes > *limit_bytes)) {
        return false;
    }
    for (const fs::path &left : files_in(folder, ".part")) {
        fs::remove(left, error);
    }
    const std::vector<Kept> kept = kept_in(folder);
    std::uint64_t total = bytes;
    for (const Kept &one : kept) {
        total += one.bytes;
    }
    for (const Kept &oldest : kept) {
        if (!limit_bytes || total <= *limit_bytes) {
            break;
        }
        for (const fs::path &path : oldest.files) {
            fs::remove(path, error);
        }
        total -= error ? 0 : oldest.bytes;
    }
    return !limit_bytes || total <= *limit_bytes;
}

bool maps_large_pages(const fs::path &folder) {
    const auto release = [](void *memory) { release_large_pages(memory, large_page_bytes); };
    const std::unique_ptr<void, decltype(release)> memory(reserve_large_pages(large_page_bytes), release);
    if (memory == nullptr) {
        return false;
    }
    RandomAccessFile file = RandomAccessFile::create(folder / "try");
    std::error_code ignored;
    fs::remove(file.path(), ignored); // it lives as long as it is open
    const std::vector<std::byte> bytes(large_page_bytes);
    file.write(bytes, 0);
    map_over(memory.get(), large_page_bytes, file.descriptor(), 0);
    return populate(memory.get(), large_page_bytes, [](float) { return true; }) &&
           is_in_large_pages(memory.get(), large_page_bytes);
}

} // namespace llmodel::panels
