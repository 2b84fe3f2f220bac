#include "panels/panel_key.h"

#include "ggml-backend.h"
#include "hash/xxhash/xxhash.h"
#include "kernels/products/format.h"
#include "platform/file_status.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <utility>

namespace llmodel::panels {

namespace {

/** 16 hexadecimal digits. */
std::string hash_of(const std::string &text) {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016" PRIx64, std::uint64_t{XXH3_64bits(text.data(), text.size())});
    return digits.data();
}

} // namespace

std::vector<int> files_of(const std::vector<llama_arranged_tensor> &tensors) {
    std::vector<int> files;
    for (const llama_arranged_tensor &tensor : tensors) {
        if (std::find(files.begin(), files.end(), tensor.file) == files.end()) {
            files.push_back(tensor.file);
        }
    }
    return files;
}

std::string name_of_files(const std::vector<int> &files) {
    std::vector<FileStatus> all;
    std::transform(files.begin(), files.end(), std::back_inserter(all), [](int file) { return file_status(file); });
    std::sort(all.begin(), all.end(), [](const FileStatus &one, const FileStatus &other) {
        return std::pair(one.device, one.inode) < std::pair(other.device, other.inode);
    });
    std::string places;
    std::string states;
    for (const FileStatus &status : all) {
        places += std::to_string(status.device) + " " + std::to_string(status.inode) + "\n";
        states += std::to_string(status.size) + " " + std::to_string(status.modified_ns) + " " +
                  std::to_string(status.changed_ns) + "\n";
    }
    return hash_of(places) + "-" + hash_of(states);
}

bool are_settled(const std::vector<int> &files) {
    using namespace std::chrono;
    constexpr std::int64_t slowest_tick = nanoseconds(2s).count();
    const std::int64_t now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
    return std::all_of(files.begin(), files.end(), [&](int file) {
        const FileStatus status = file_status(file);
        return std::max(status.modified_ns, status.changed_ns) + slowest_tick < now;
    });
}

std::string name_of_weights(const std::vector<llama_arranged_tensor> &tensors) {
    const std::vector<int> files = files_of(tensors);
    std::string text = std::to_string(kernels::products::layout_version) + "\n";
    for (const llama_arranged_tensor &arranged : tensors) {
        const ggml_tensor &tensor = *arranged.tensor;
        const auto *base = static_cast<const char *>(ggml_backend_buffer_get_base(tensor.buffer));
        text += std::string(ggml_get_name(&tensor)) + "\n" + std::to_string(tensor.type);
        for (const std::int64_t extent : tensor.ne) {
            text += " " + std::to_string(extent);
        }
        text += " " + std::to_string(std::find(files.begin(), files.end(), arranged.file) - files.begin()) + " " +
                std::to_string(arranged.offset) + " " + std::to_string(static_cast<const char *>(tensor.data) - base) +
                "\n";
    }
    return name_of_files(files) + "-" + hash_of(text);
}

} // namespace llmodel::panels
