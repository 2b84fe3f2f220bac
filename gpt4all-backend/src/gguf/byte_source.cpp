#include "gguf/byte_source.h"

#include "error.h"
#include "gguf/folder.h"

#include <cstring>
#include <system_error>

namespace llmodel {

namespace {

std::string utf8(const std::filesystem::path &path) {
    const std::u8string text = path.u8string();
    return std::string(text.begin(), text.end());
}

} // namespace

FileSource::FileSource(const std::filesystem::path &path) : name_(utf8(path)) {
    const json detail = {{"path", name_}};
    std::error_code code;
    const std::filesystem::file_status status = std::filesystem::status(path, code);
    switch (status.type()) {
    case std::filesystem::file_type::not_found:
        throw Error(LLMODEL_NOT_FOUND, "there is no file '" + name_ + "'", detail);
    case std::filesystem::file_type::none:
        throw Error(LLMODEL_IO, "cannot access '" + name_ + "': " + code.message(), detail);
    case std::filesystem::file_type::regular:
        break;
    case std::filesystem::file_type::directory:
        throw Error(LLMODEL_INVALID_MODEL, "'" + name_ + "' " + describe_folder(path), detail);
    default:
        throw Error(LLMODEL_INVALID_MODEL, "'" + name_ + "' is not a regular file", detail);
    }
    size_ = std::filesystem::file_size(path, code);
    if (code) {
        throw Error(LLMODEL_IO, "cannot read the size of '" + name_ + "': " + code.message(), detail);
    }
    stream_.open(path, std::ios::binary);
    if (!stream_) {
        throw Error(LLMODEL_IO, "cannot open '" + name_ + "' for reading; check its permissions", detail);
    }
}

void FileSource::read(std::uint64_t offset, std::span<std::byte> into) {
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(reinterpret_cast<char *>(into.data()), static_cast<std::streamsize>(into.size()));
    if (static_cast<std::size_t>(stream_.gcount()) != into.size()) {
        throw Error(LLMODEL_IO,
                    "'" + name_ + "' could not be read at byte " + std::to_string(offset) +
                        "; did it change while it was being opened?",
                    {{"path", name_}, {"offset", offset}});
    }
}

void MemorySource::read(std::uint64_t offset, std::span<std::byte> into) {
    if (!into.empty()) {
        std::memcpy(into.data(), bytes_.data() + offset, into.size());
    }
}

} // namespace llmodel
