#pragma once

#include "error.h"
#include "ggml.h"
#include "gguf/byte_source.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace llmodel {

/** The type of a metadata value, numbered as in the file (GGUF specification, ggml-org/ggml docs/gguf.md). */
enum class GgufType : std::uint32_t {
    uint8 = 0,
    int8 = 1,
    uint16 = 2,
    int16 = 3,
    uint32 = 4,
    int32 = 5,
    float32 = 6,
    boolean = 7,
    string = 8,
    array = 9,
    uint64 = 10,
    int64 = 11,
    float64 = 12,
};

/** The specification's name of the type, such as "uint32"; "unknown" for a number that is none. */
const char *gguf_type_label(GgufType type);

/** Many strings in one piece of memory. */
class StringArray {
  public:
    void reserve(std::size_t count, std::size_t bytes);
    void push_back(std::string_view text);
    std::size_t size() const { return ends_.size(); }
    std::string_view operator[](std::size_t index) const;

  private:
    std::string bytes_;
    std::vector<std::size_t> ends_;
};

struct GgufArray {
    GgufType type = GgufType::uint8;
    std::variant<std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::uint16_t>,
                 std::vector<std::int16_t>, std::vector<std::uint32_t>, std::vector<std::int32_t>, std::vector<float>,
                 StringArray, std::vector<std::uint64_t>, std::vector<std::int64_t>, std::vector<double>>
        items; /**< Booleans are kept as bytes, 0 or 1. */

    std::size_t size() const;

    /** NULL if the items are of another type. */
    template<typename T> const std::vector<T> *as() const { return std::get_if<std::vector<T>>(&items); }
    const StringArray *strings() const { return std::get_if<StringArray>(&items); }
};

struct GgufValue {
    GgufType type = GgufType::uint8;
    std::uint64_t offset = 0; /**< Where in the file the value begins. */
    std::variant<bool, std::uint64_t, std::int64_t, double, std::string, GgufArray> value;
};

struct GgufTensor {
    std::string name;
    ggml_type type = GGML_TYPE_F32;
    std::uint32_t n_dims = 0;
    std::array<std::int64_t, GGML_MAX_DIMS> dims{1, 1, 1, 1}; /**< The fastest-changing first; 1 where absent. */
    std::uint64_t offset = 0;                                 /**< From the beginning of the file, in bytes. */
    std::uint64_t size = 0;                                   /**< In bytes, without padding. */
    std::uint64_t info_offset = 0;                            /**< Where in the file it is described. */

    std::uint64_t elements() const;
};

/** Everything in a GGUF file but the weights. */
class GgufFile {
  public:
    GgufFile() = default;
    GgufFile(GgufFile &&) = default;
    GgufFile &operator=(GgufFile &&) = default;
    GgufFile(const GgufFile &) = delete; // the index points into the tensors
    GgufFile &operator=(const GgufFile &) = delete;

    std::string path;
    std::uint64_t size = 0; /**< Of the whole file, in bytes. */
    std::uint32_t version = 0;
    std::uint32_t alignment = 32;  /**< Of each tensor's data, in bytes. */
    std::uint64_t data_offset = 0; /**< Where the data of the tensors begins, in bytes. */
    std::map<std::string, GgufValue, std::less<>> metadata;
    std::vector<GgufTensor> tensors; /**< In the order of the file. */

    /** NULL if there is none of this key. */
    const GgufValue *find(std::string_view key) const;
    /** NULL if there is none of this name. */
    const GgufTensor *find_tensor(std::string_view name) const;

    /** These give std::nullopt for a missing key, and throw LLMODEL_INVALID_MODEL naming the key for a value of another
     *  type. Integers of every width are taken if the value fits. */
    std::optional<bool> get_bool(std::string_view key) const;
    std::optional<std::uint64_t> get_uint(std::string_view key) const;
    std::optional<double> get_float(std::string_view key) const;
    std::optional<std::string_view> get_string(std::string_view key) const;

    /** NULL for a missing key; throws LLMODEL_INVALID_MODEL for a value that is no array (of strings). */
    const GgufArray *get_array(std::string_view key) const;
    const StringArray *get_strings(std::string_view key) const;

    /** `general.architecture`; throws LLMODEL_INVALID_MODEL if it is missing or no string. */
    std::string_view architecture() const;
    /** What the model is, where llama.cpp runs it as another architecture; otherwise the same. */
    std::string_view source_architecture() const;

    /** Names the file, the key and the byte at which its value stands. */
    [[noreturn]] void fail(llmodel_status status, std::string_view key, const std::string &message) const;
    [[noreturn]] void fail_tensor(llmodel_status status, const GgufTensor &tensor, const std::string &message) const;

    /** To be called once the tensors are complete: find_tensor() looks in this index. */
    void index_tensors();

  private:
    std::unordered_map<std::string_view, std::size_t> tensor_index_;
};

/**
 * Parses GGUF version 2 or 3, little-endian. Every count and length is held against the bytes that are there before
 * memory is taken for it, and what is returned is consistent: no key or tensor twice, tensors of known types, aligned,
 * contiguous and inside the file.
 *
 * Throws LLMODEL_NOT_FOUND, LLMODEL_IO, LLMODEL_INVALID_MODEL (with {"path", "offset", "key" | "tensor"} as detail), or
 * LLMODEL_UNSUPPORTED for a well-known format that is not GGUF or a version that is not read.
 */
GgufFile read_gguf(const std::filesystem::path &path);
GgufFile read_gguf(ByteSource &source);

} // namespace llmodel
