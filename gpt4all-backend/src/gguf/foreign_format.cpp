#include "gguf/foreign_format.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

namespace llmodel {

namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view prefix) { return text.starts_with(prefix); });
}

/** safetensors: a little-endian length of 8 bytes, then that many bytes of JSON. */
bool is_safetensors(std::string_view head, std::uint64_t size) {
    std::uint64_t length = 0;
    if (head.size() < 10) {
        return false;
    }
    std::memcpy(&length, head.data(), sizeof length);
    return length >= 2 && length <= size - 8 && head.substr(8).starts_with("{\"");
}

} // namespace

std::string foreign_format(std::span<const std::byte> bytes, std::uint64_t size) {
    const std::string_view head(reinterpret_cast<const char *>(bytes.data()), bytes.size());

    // the first magics of ggml are stored as 32-bit words and so read backwards
    if (starts_with_any(head, {"lmgg", "fmgg", "tjgg", "mmgg"})) {
        return "is a model from 2023 in one of the formats before GGUF (ggml, ggmf, ggjt or ggmm), which can be "
               "opened as a model but not here; convert it to GGUF with `gpt4all convert`";
    }
    if (starts_with_any(head, {"algg"})) {
        return "is a LoRA adapter from 2023 (ggla); convert it to GGUF";
    }
    if (starts_with_any(head, {"FUGG"})) {
        return "is a GGUF file with its magic in the wrong byte order; get or convert a little-endian one";
    }
    if (starts_with_any(head, {"PK\x03\x04", "PK\x05\x06"})) {
        return "is a zip archive (as are PyTorch checkpoints); unpack it, or convert the model to GGUF";
    }
    if (starts_with_any(head, {"\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"})) {
        return "is a Python pickle, such as an old PyTorch checkpoint, which is never loaded because it can run code; "
               "convert the model to GGUF";
    }
    if (is_safetensors(head, size)) {
        return "is a safetensors file; convert the model to GGUF";
    }
    constexpr std::string_view xz = "\xfd\x37zXZ";
    if (starts_with_any(head, {"\x1f\x8b", "\x28\xb5\x2f\xfd", "BZh", xz, "7z\xbc\xaf"})) {
        return "is compressed; unpack it first";
    }
    if (head.starts_with("version https://git-lfs.github.com/spec")) {
        return "is a Git LFS pointer and not the model itself; fetch the file with `git lfs pull`";
    }
    std::string start(head.substr(0, std::min<std::size_t>(head.size(), 256)));
    start.erase(0, std::min(start.find_first_not_of("\xef\xbb\xbf \t\r\n"), start.size()));
    std::transform(start.begin(), start.end(), start.begin(),
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    if (starts_with_any(start, {"<!doctype html", "<html", "<head", "<?xml", "<!--"})) {
        return "is a web page; you probably downloaded the page about the model instead of the model";
    }
    if (starts_with_any(start, {"{", "["})) {
        return "looks like JSON; you probably downloaded an error message or a model's configuration instead of the "
               "model";
    }
    return "";
}

} // namespace llmodel
