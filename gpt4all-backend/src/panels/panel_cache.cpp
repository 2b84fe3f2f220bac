#include "panels/panel_cache.h"

#include "backends/buffer_types.h"
#include "error.h"
#include "kernels/products/format.h"
#include "llama/logging.h"
#include "memory/human_bytes.h"
#include "panels/panel_files.h"
#include "panels/panel_folder.h"
#include "panels/panel_image.h"
#include "panels/panel_key.h"
#include "platform/file_lock.h"
#include "platform/machine.h"
#include "platform/memory_from_file.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <span>

namespace llmodel::panels {

namespace {

namespace fs = std::filesystem;

// Less is laid out in the time that it takes to look for files.
constexpr std::size_t least_bytes = std::size_t{32} << 20;

struct Busy : std::exception {
    const char *what() const noexcept override { return "another process is writing"; }
};

enum class Shown { in_large_pages, in_small_pages, not_at_all };

/** The memory of a model's weights, and the files that it is to have them from. */
class CachedImage {
  public:
    CachedImage(const PanelImage &image, PanelFiles &files, const fs::path &folder,
                const PanelFiles::Progress &progress)
        : image_(image), files_(files), folder_(folder), progress_(progress) {}

    /** Has the weights in memory, from files that are open. False where they are not right, or it was given up. */
    bool use() {
        const Shown shown = show();
        if (shown == Shown::in_large_pages) {
            log_message(LLMODEL_LOG_DEBUG, "weights are mapped from " + folder_.string());
        }
        const bool used = shown == Shown::in_large_pages || (shown == Shown::in_small_pages && read());
        if (used) {
            image_.forget_rows();
        }
        return used;
    }

  private:
    /** Maps the files, if they are right and in large pages; otherwise the memory is the process's own again. */
    Shown show() {
        Shown shown = Shown::not_at_all;
        try {
            files_.map();
            if (populate(image_.memory(), image_.size(), progress_)) {
                const bool large = is_in_large_pages(image_.memory(), image_.size());
                shown = !large ? Shown::in_small_pages : is_right() ? Shown::in_large_pages : Shown::not_at_all;
            }
        } catch (...) {
            unmap_again(image_.memory(), image_.size());
            throw;
        }
        if (shown != Shown::in_large_pages) {
            unmap_again(image_.memory(), image_.size());
        }
        return shown;
    }

    /** Small pages of files would be slower for as long as the model is open. */
    bool read() {
        const auto read_window = [this](std::size_t of_image, const PanelFile &file, std::size_t of_file) {
            return file.read(of_file, image_.shown(of_image));
        };
        if (!files_.for_each_window([&] { return read_window; }, progress_) || !is_right()) {
            return false;
        }
        log_message(LLMODEL_LOG_DEBUG, "weights are read from " + folder_.string());
        return true;
    }

    /** Whether the memory has the right weights. If not, the files are removed. */
    bool is_right() {
        PanelImage::Desk desk(image_);
        const PanelFiles::Check check = files_.check(progress_);
        if (check == PanelFiles::Check::given_up) {
            return false;
        }
        if (check == PanelFiles::Check::passed && image_.agrees(desk)) {
            return true;
        }
        log_message(LLMODEL_LOG_WARN,
                    "what " + folder_.string() + " has for a model is damaged, or of other weights; it is removed");
        files_.remove();
        return false;
    }

    const PanelImage &image_;
    PanelFiles &files_;
    const fs::path &folder_;
    const PanelFiles::Progress &progress_;
};

/** Whether the processor's backend lays weights out. */
bool lays_out() {
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    return cpu != nullptr && has_extra_buffer_type(cpu, kernels::products::buffer_name);
}

/** What the system takes to write without having a program wait for the disk: Linux does so for about 15% of the
 *  memory that is available. */
bool fits_before_disk(std::uint64_t bytes) {
    constexpr std::uint64_t part_of_memory = 8;
    return bytes <= host_memory().available / part_of_memory;
}

} // namespace

// What is laid out on this processor is read by those who do it, on all processors.
bool PanelCache::has(const std::vector<int> &files) {
    try {
        return has_file(folder_, name_of_files(files)) ||
               (is_laid_out_ && ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU) == nullptr && lays_out());
    } catch (const std::exception &) {
        return false;
    }
}

bool PanelCache::fill(const std::vector<llama_arranged_tensor> &tensors, const Progress &progress) {
    std::exception_ptr cancelled; // which may be said by an exception
    float furthest = 0;           // what is tried in vain is done again
    const Progress report = [&](float part) {
        try {
            furthest = std::max(furthest, part);
            return progress(furthest);
        } catch (...) {
            cancelled = std::current_exception();
            return false;
        }
    };
    const bool filled = try_to_fill(tensors, report);
    if (cancelled) {
        std::rethrow_exception(cancelled);
    }
    return filled;
}

bool PanelCache::try_to_fill(const std::vector<llama_arranged_tensor> &tensors, const Progress &progress) {
    try {
        const std::optional<PanelImage> image = PanelImage::of(tensors);
        if (!image || image->size() < least_bytes) {
            return false;
        }
        const std::string key = name_of_weights(tensors);
        PanelFiles files(*image, folder_, key);
        CachedImage cached(*image, files, folder_, progress);
        return files.open() ? cached.use() : make(tensors, *image, files, key, progress) && cached.use();
    } catch (const Busy &error) {
        log_message(LLMODEL_LOG_DEBUG, "nothing is kept in " + folder_.string() + ", as " + error.what());
        return false;
    } catch (const Error &) { // the memory is lost
        throw;
    } catch (const std::exception &error) {
        log_message(LLMODEL_LOG_INFO,
                    "weights are laid out in memory, as " + folder_.string() + " cannot keep them: " + error.what());
        return false;
    }
}

bool PanelCache::make(const std::vector<llama_arranged_tensor> &tensors, const PanelImage &image, PanelFiles &files,
                      const std::string &key, const Progress &progress) {
    if (!are_settled(files_of(tensors))) {
        log_message(LLMODEL_LOG_DEBUG, "nothing is kept in " + folder_.string() + ", as the model was just written");
        return false;
    }
    if (fs::create_directories(folder_)) {
        fs::permissions(folder_, fs::perms::owner_all);
    }
    const FileLock lock(folder_ / "lock", [] { throw Busy(); });
    if (files.open()) { // another process has written them meanwhile
        return true;
    }
    remove_older(folder_, name_of_files(files_of(tensors)));
    if (limit_bytes_ && !fits_before_disk(files.bytes())) {
        log_message(LLMODEL_LOG_DEBUG, "weights are too large to be kept in " + folder_.string() + " at once");
        return false;
    }
    if (!maps_large_pages(folder_)) { // then mapping them makes decoding slower, and reading them saves little
        log_message(LLMODEL_LOG_DEBUG, "files are not mapped in large pages in " + folder_.string());
        return false;
    }
    if (!make_room(folder_, files.bytes(), limit_bytes_)) {
        log_message(LLMODEL_LOG_DEBUG, "there is no room for laid-out weights in " + folder_.string());
        return false;
    }
    files.create();
    const auto begin = [&] {
        return [&, desk = std::make_shared<PanelImage::Desk>(image)](std::size_t of_image, PanelFile &file,
                                                                     std::size_t of_file) {
            file.write(of_file, image.window(of_image, *desk));
            return true;
        };
    };
    const bool whole = files.for_each_window(begin, progress);
    if (!whole || name_of_weights(tensors) != key) {
        log_message(LLMODEL_LOG_DEBUG, "nothing is kept in " + folder_.string() + ", as " +
                                           (whole ? "the model was written meanwhile" : "opening was cancelled"));
        return false;
    }
    files.finish();
    log_message(LLMODEL_LOG_DEBUG, "kept " + human_bytes(image.size()) + " of laid-out weights in " + folder_.string());
    return true;
}

} // namespace llmodel::panels
