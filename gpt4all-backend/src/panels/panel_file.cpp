#include "panels/panel_file.h"

#include "hash/xxhash/xxhash.h"
#include "platform/process.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace llmodel::panels {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t text_bytes = 64;
using Text = std::array<char, text_bytes>;

struct Head {
    Text boot{};
    Text key{};
};

constexpr std::uint64_t hashes_at = 4096;
constexpr std::size_t most_windows = (PanelFile::offset - hashes_at) / sizeof(std::uint64_t);

Text text_of(const std::string &text) {
    Text bytes{};
    std::copy_n(text.begin(), std::min(text.size(), text_bytes - 1), bytes.begin());
    return bytes;
}

std::uint64_t hash_of(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

} // namespace

PanelFile::PanelFile(RandomAccessFile file, fs::path target, std::size_t windows)
    : file_(std::move(file)), target_(std::move(target)), hashes_(windows) {
    if (windows > most_windows) {
        throw std::system_error(std::make_error_code(std::errc::file_too_large));
    }
}

std::optional<PanelFile> PanelFile::open(const fs::path &path, const std::string &key, std::size_t windows) {
    try {
        PanelFile found(RandomAccessFile::open(path, false), {}, windows);
        RandomAccessFile &file = found.file_;
        Head head;
        if (!file.is_trusted() || file.size() != offset + windows * window_bytes ||
            !file.read(std::as_writable_bytes(std::span(&head, 1)), 0) || head.key != text_of(key) ||
            !file.read(std::as_writable_bytes(std::span(found.hashes_)), hashes_at)) {
            return std::nullopt;
        }
        file.touch();
        const std::string boot = boot_id();
        found.is_checked_ = !boot.empty() && head.boot == text_of(boot);
        return found;
    } catch (const std::system_error &) {
        return std::nullopt;
    }
}

PanelFile PanelFile::create(const fs::path &path, const std::string &key, std::size_t windows) {
    PanelFile made(RandomAccessFile::create(path), path, windows);
    const Head head{.boot = text_of(boot_id()), .key = text_of(key)};
    made.file_.write(std::as_bytes(std::span(&head, 1)), 0);
    made.is_checked_ = true;
    return made;
}

PanelFile::~PanelFile() {
    if (!target_.empty() && file_.descriptor() >= 0) {
        std::error_code ignored;
        fs::remove(file_.path(), ignored);
    }
}

void PanelFile::write(std::size_t window, std::span<const std::byte> bytes) {
    hashes_[window] = hash_of(bytes);
    file_.write(bytes, offset + window * window_bytes);
}

bool PanelFile::read(std::size_t window, std::span<std::byte> into) const {
    return file_.read(into, offset + window * window_bytes);
}

void PanelFile::finish() {
    file_.write(std::as_bytes(std::span(hashes_)), hashes_at);
    file_.rename_to(target_);
    target_.clear();
}

bool PanelFile::is_as_written(std::size_t window, std::span<const std::byte> bytes) const {
    return hashes_[window] == hash_of(bytes);
}

void PanelFile::note_check() noexcept {
    is_checked_ = true;
    try {
        const Text boot = text_of(boot_id());
        RandomAccessFile::open(file_.path(), true).write(std::as_bytes(std::span(boot)), 0);
    } catch (const std::system_error &) { // NOLINT(bugprone-empty-catch): then it is checked again
    }
}

} // namespace llmodel::panels
