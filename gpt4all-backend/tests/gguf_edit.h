#pragma once

#include "gguf/gguf_file.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace llmodel::test {

using Bytes = std::vector<std::byte>;

/** A GGUF file taken apart so that tests can change a piece and put it together again, rightly or wrongly. */
struct EditableGguf {
    struct Pair {
        std::string key;
        std::uint32_t type = 0;
        Bytes value; /**< As in the file: for an array its item type, its length and its items. */
    };
    struct Tensor {
        std::string name;
        std::vector<std::uint64_t> dims;
        std::uint32_t type = 0;
        std::uint64_t offset = 0; /**< From the beginning of the data. */
        Bytes data;
    };

    std::uint32_t version = 3;
    std::uint64_t alignment = 32;
    std::vector<Pair> pairs;
    std::vector<Tensor> tensors;

    /** Takes a well-formed file apart. */
    static EditableGguf parse(const Bytes &file);

    /** With the offsets as they are in `tensors`, and the data one after another. */
    Bytes serialize() const;

    /** Makes the size of each tensor's data fit its type and shape, filled up with zeros, and sets the offsets. Does
     *  nothing if a size is absurd. */
    void make_consistent();

    /** NULL if there is none. */
    Pair *find(std::string_view key);
    Tensor *find_tensor(std::string_view name);

    /** Sets the value of a key, which is added if there is none. */
    template<typename T> void set(const std::string &key, GgufType type, T value) {
        Bytes bytes(sizeof value);
        std::memcpy(bytes.data(), &value, sizeof value);
        set_bytes(key, type, std::move(bytes));
    }
    void set_string(const std::string &key, std::string_view text);
    void set_strings(const std::string &key, const std::vector<std::string> &texts);
    template<typename T> void set_array(const std::string &key, GgufType item_type, const std::vector<T> &items) {
        Bytes bytes = array_head(item_type, items.size());
        const auto *from = reinterpret_cast<const std::byte *>(items.data());
        bytes.insert(bytes.end(), from, from + items.size() * sizeof(T));
        set_bytes(key, GgufType::array, std::move(bytes));
    }
    void set_bytes(const std::string &key, GgufType type, Bytes value);
    void remove(std::string_view key);

    static Bytes array_head(GgufType item_type, std::uint64_t count);
};

/** Throws std::runtime_error if the file cannot be read. */
Bytes read_bytes(const std::filesystem::path &path);

} // namespace llmodel::test
