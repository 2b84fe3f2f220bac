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

namespace llmodel::panels {

namespace {

std::string hexadecimal(const XXH128_hash_t &hash, std::size_t digits) {
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64, std::uint64_t{hash.high64},
                  std::uint64_t{hash.low64});
    return std::string(text.data()).substr(0, digits);
}

std::string hash_of(const std::string &text, std::size_t digits) {
    return hexadecimal(XXH3_128bits(text.data(), text.size()), digits);
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
    std::vector<std::string> identities;
    for (const int file : files) {
        const FileStatus status = file_status(file);
        std::string identity;
        for (const std::uint64_t word : {status.device, status.inode, status.size}) {
            identity += std::to_string(word) + " ";
        }
        identities.push_back(identity + std::to_string(status.modified_ns) + " " + std::to_string(status.changed_ns));
    }
    std::sort(identities.begin(), identities.end());
    std::string text;
    for (const std::string &identity : identities) {
        text += identity + "\n";
    }
    constexpr std::size_t digits = 16;
    return hash_of(text, digits);
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
    constexpr std::size_t digits = 32;
    return name_of_files(files) + "-" + hash_of(text, digits);
}

} // namespace llmodel::panels
