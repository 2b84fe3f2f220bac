// The parser behind read_gguf(): GGUF as specified in ggml-org/ggml docs/gguf.md.

#include "gguf/foreign_format.h"
#include "gguf/gguf_file.h"
#include "gguf/utf8.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace llmodel {

namespace {

// Limits well above every published model. They keep llama.cpp's own reader, which compares each name with all names
// before it and takes about 32 bytes for every string, within seconds and within a few gigabytes.
constexpr std::uint64_t max_keys = 8192;
constexpr std::uint64_t max_tensors = 32768;
constexpr std::uint64_t max_key_bytes = 65535;
constexpr std::uint64_t max_string_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t max_array_strings = std::uint64_t{1} << 23;
constexpr std::uint64_t max_array_bytes = std::uint64_t{512} << 20;
constexpr std::uint64_t max_alignment = 1 << 20;

constexpr std::uint32_t newest_version = 3;

std::uint64_t padded(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

/** A buffered position in the source that knows what is being read, for messages. */
class Cursor {
  public:
    explicit Cursor(ByteSource &source) : source_(source), buffer_(std::size_t{1} << 18) {}

    std::uint64_t position() const { return position_; }
    std::uint64_t remaining() const { return source_.size() - position_; }

    /** What errors name as being read: {"key": …}, {"tensor": …} or {}. */
    void set_subject(const char *kind, std::string_view name) {
        subject_kind_ = kind;
        subject_ = printable(name);
    }
    void clear_subject() { subject_kind_ = nullptr; }

    [[noreturn]] void fail(llmodel_status status, std::uint64_t offset, const std::string &message) const {
        json detail = {{"path", source_.name()}, {"offset", offset}};
        std::string what;
        if (subject_kind_ != nullptr) {
            detail[subject_kind_] = subject_;
            what = std::string(subject_kind_) + " '" + subject_ + "', ";
        }
        throw Error(status, "'" + source_.name() + "': " + what + "at byte " + std::to_string(offset) + ": " + message,
                    detail);
    }

    [[noreturn]] void fail(const std::string &message) const { fail(LLMODEL_INVALID_MODEL, position_, message); }

    /** Refuses a length that the file cannot hold, before anything is allocated for it. */
    void need(std::uint64_t bytes, std::string_view what) const {
        if (bytes > remaining()) {
            fail(std::string(what) + " needs " + std::to_string(bytes) + " bytes, but the file ends " +
                 std::to_string(remaining()) + " bytes further on (at " + std::to_string(source_.size()) +
                 "); it is truncated or corrupt, download it again");
        }
    }

    void read(std::span<std::byte> into) {
        while (!into.empty()) {
            if (position_ < buffer_begin_ || position_ >= buffer_begin_ + buffer_length_) {
                if (into.size() >= buffer_.size()) {
                    source_.read(position_, into);
                    position_ += into.size();
                    return;
                }
                buffer_begin_ = position_;
                buffer_length_ = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), remaining()));
                source_.read(buffer_begin_, std::span(buffer_).first(buffer_length_));
            }
            const std::size_t from = static_cast<std::size_t>(position_ - buffer_begin_);
            const std::size_t count = std::min(into.size(), buffer_length_ - from);
            std::memcpy(into.data(), buffer_.data() + from, count);
            into = into.subspan(count);
            position_ += count;
        }
    }

    template<typename T> T number(const char *what) {
        static_assert(std::is_arithmetic_v<T>);
        need(sizeof(T), what);
        T value;
        read(std::as_writable_bytes(std::span(&value, 1)));
        return value;
    }

    void string(const char *what, std::uint64_t limit, std::string &text) {
        const std::uint64_t at = position_;
        const auto length = number<std::uint64_t>(what);
        if (length > limit) {
            fail(LLMODEL_INVALID_MODEL, at,
                 std::string(what) + " claims a length of " + std::to_string(length) + " bytes; at most " +
                     std::to_string(limit) + " are taken");
        }
        need(length, what);
        text.resize(static_cast<std::size_t>(length));
        read(std::as_writable_bytes(std::span(text)));
    }

    std::string string(const char *what, std::uint64_t limit) {
        std::string text;
        string(what, limit, text);
        return text;
    }

  private:
    ByteSource &source_;
    std::vector<std::byte> buffer_;
    std::uint64_t buffer_begin_ = 0;
    std::size_t buffer_length_ = 0;
    std::uint64_t position_ = 0;
    const char *subject_kind_ = nullptr;
    std::string subject_;
};

class Parser {
  public:
    explicit Parser(ByteSource &source) : cursor_(source) {
        file_.path = source.name();
        file_.size = source.size();
        refuse_foreign(source);
    }

    GgufFile run() {
        read_header();
        for (std::uint64_t i = 0; i < key_count_; ++i) {
            read_pair();
        }
        cursor_.clear_subject();
        take_alignment();
        file_.tensors.reserve(static_cast<std::size_t>(tensor_count_));
        for (std::uint64_t i = 0; i < tensor_count_; ++i) {
            read_tensor();
        }
        place_tensors();
        file_.index_tensors();
        return std::move(file_);
    }

  private:
    void refuse_foreign(ByteSource &source) {
        const json detail = {{"path", file_.path}, {"offset", 0}};
        if (source.size() == 0) {
            throw Error(LLMODEL_INVALID_MODEL, "'" + file_.path + "' is empty; download it again", detail);
        }
        std::vector<std::byte> head(
            static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), foreign_format_bytes)));
        source.read(0, head);
        if (head.size() >= 4 && std::memcmp(head.data(), "GGUF", 4) == 0) {
            return;
        }
        const std::string known = foreign_format(head, source.size());
        if (!known.empty()) {
            throw Error(LLMODEL_UNSUPPORTED, "'" + file_.path + "' " + known, detail);
        }
        const std::string_view start(reinterpret_cast<const char *>(head.data()),
                                     std::min<std::size_t>(head.size(), 4));
        throw Error(LLMODEL_INVALID_MODEL,
                    "'" + file_.path + "' is not a GGUF file: it begins with '" + printable(start) +
                        "' and not with 'GGUF'",
                    detail);
    }

    void read_header() {
        cursor_.number<std::uint32_t>("the magic");
        const std::uint64_t version_at = cursor_.position();
        file_.version = cursor_.number<std::uint32_t>("the version");
        if (file_.version != 0 && (file_.version & 0xFFFF) == 0) {
            cursor_.fail(LLMODEL_UNSUPPORTED, version_at,
                         "the file is big-endian; only little-endian GGUF can be read, convert the model again");
        }
        if (file_.version == 1) {
            cursor_.fail(LLMODEL_UNSUPPORTED, version_at,
                         "GGUF version 1 was in use for some weeks of 2023 and is not read; get a newer file");
        }
        if (file_.version < 2 || file_.version > newest_version) {
            cursor_.fail(LLMODEL_UNSUPPORTED, version_at,
                         "GGUF version " + std::to_string(file_.version) + " is not known; versions 2 and 3 are read");
        }
        tensor_count_ = read_count("tensors", max_tensors, min_tensor_bytes);
        key_count_ = read_count("metadata keys", max_keys, min_pair_bytes);
    }

    std::uint64_t read_count(const char *what, std::uint64_t limit, std::uint64_t min_bytes) {
        const std::uint64_t at = cursor_.position();
        const auto count = cursor_.number<std::uint64_t>("the header");
        if (count > limit || count > cursor_.remaining() / min_bytes) {
            cursor_.fail(LLMODEL_INVALID_MODEL, at,
                         "the header claims " + std::to_string(count) + " " + what + "; " +
                             (count > limit ? "at most " + std::to_string(limit) + " are taken"
                                            : "the file is too short for them, it is truncated or corrupt"));
        }
        return count;
    }

    void read_pair() {
        cursor_.clear_subject();
        const std::uint64_t key_at = cursor_.position();
        std::string key = cursor_.string("a metadata key", max_key_bytes);
        cursor_.set_subject("key", key);
        if (key.empty() || !is_valid_utf8(key) || key.find('\0') != std::string::npos) {
            cursor_.fail(LLMODEL_INVALID_MODEL, key_at, "a key must be non-empty UTF-8 text without NUL");
        }
        const std::uint64_t type_at = cursor_.position();
        const auto type = static_cast<GgufType>(cursor_.number<std::uint32_t>("the type of the value"));
        GgufValue value;
        value.type = type;
        value.offset = cursor_.position();
        switch (type) {
        case GgufType::uint8:
            value.value = std::uint64_t{cursor_.number<std::uint8_t>("the value")};
            break;
        case GgufType::uint16:
            value.value = std::uint64_t{cursor_.number<std::uint16_t>("the value")};
            break;
        case GgufType::uint32:
            value.value = std::uint64_t{cursor_.number<std::uint32_t>("the value")};
            break;
        case GgufType::uint64:
            value.value = cursor_.number<std::uint64_t>("the value");
            break;
        case GgufType::int8:
            value.value = std::int64_t{cursor_.number<std::int8_t>("the value")};
            break;
        case GgufType::int16:
            value.value = std::int64_t{cursor_.number<std::int16_t>("the value")};
            break;
        case GgufType::int32:
            value.value = std::int64_t{cursor_.number<std::int32_t>("the value")};
            break;
        case GgufType::int64:
            value.value = cursor_.number<std::int64_t>("the value");
            break;
        case GgufType::float32:
            value.value = double{cursor_.number<float>("the value")};
            break;
        case GgufType::float64:
            value.value = cursor_.number<double>("the value");
            break;
        case GgufType::boolean:
            value.value = read_bool();
            break;
        case GgufType::string:
            value.value = cursor_.string("the string", max_string_bytes);
            break;
        case GgufType::array:
            value.value = read_array();
            break;
        default:
            cursor_.fail(LLMODEL_INVALID_MODEL, type_at,
                         "there is no value type " + std::to_string(static_cast<std::uint32_t>(type)) +
                             "; the file is corrupt");
        }
        if (!file_.metadata.emplace(std::move(key), std::move(value)).second) {
            cursor_.fail(LLMODEL_INVALID_MODEL, key_at, "the key occurs twice");
        }
    }

    bool read_bool() {
        const std::uint64_t at = cursor_.position();
        const auto byte = cursor_.number<std::uint8_t>("the value");
        if (byte > 1) {
            cursor_.fail(LLMODEL_INVALID_MODEL, at, "a bool must be stored as 0 or 1, not " + std::to_string(byte));
        }
        return byte != 0;
    }

    template<typename T> std::vector<T> read_items(std::uint64_t count) {
        if (count > max_array_bytes / sizeof(T)) {
            cursor_.fail("an array of " + std::to_string(count) + " items is longer than any model needs");
        }
        cursor_.need(count * sizeof(T), "an array of " + std::to_string(count) + " items");
        std::vector<T> items(static_cast<std::size_t>(count));
        cursor_.read(std::as_writable_bytes(std::span(items)));
        return items;
    }

    StringArray read_strings(std::uint64_t count) {
        if (count > max_array_strings) {
            cursor_.fail("an array of " + std::to_string(count) + " strings is longer than any model needs");
        }
        cursor_.need(count * sizeof(std::uint64_t), "an array of " + std::to_string(count) + " strings");
        StringArray items;
        items.reserve(static_cast<std::size_t>(count), 0);
        std::string text;
        for (std::uint64_t i = 0; i < count; ++i) {
            cursor_.string("a string of the array", max_string_bytes, text);
            items.push_back(text);
        }
        return items;
    }

    GgufArray read_array() {
        const std::uint64_t at = cursor_.position();
        GgufArray array;
        array.type = static_cast<GgufType>(cursor_.number<std::uint32_t>("the type of the array's items"));
        const auto count = cursor_.number<std::uint64_t>("the length of the array");
        switch (array.type) {
        case GgufType::uint8:
            array.items = read_items<std::uint8_t>(count);
            break;
        case GgufType::int8:
            array.items = read_items<std::int8_t>(count);
            break;
        case GgufType::uint16:
            array.items = read_items<std::uint16_t>(count);
            break;
        case GgufType::int16:
            array.items = read_items<std::int16_t>(count);
            break;
        case GgufType::uint32:
            array.items = read_items<std::uint32_t>(count);
            break;
        case GgufType::int32:
            array.items = read_items<std::int32_t>(count);
            break;
        case GgufType::uint64:
            array.items = read_items<std::uint64_t>(count);
            break;
        case GgufType::int64:
            array.items = read_items<std::int64_t>(count);
            break;
        case GgufType::float32:
            array.items = read_items<float>(count);
            break;
        case GgufType::float64:
            array.items = read_items<double>(count);
            break;
        case GgufType::boolean: {
            auto flags = read_items<std::uint8_t>(count);
            if (std::any_of(flags.begin(), flags.end(), [](std::uint8_t flag) { return flag > 1; })) {
                cursor_.fail(LLMODEL_INVALID_MODEL, at, "an array of bool holds something other than 0 and 1");
            }
            array.items = std::move(flags);
            break;
        }
        case GgufType::string:
            array.items = read_strings(count);
            break;
        case GgufType::array:
            cursor_.fail(LLMODEL_UNSUPPORTED, at, "arrays of arrays are not read");
        default:
            cursor_.fail(LLMODEL_INVALID_MODEL, at,
                         "there is no value type " + std::to_string(static_cast<std::uint32_t>(array.type)) +
                             "; the file is corrupt");
        }
        return array;
    }

    void take_alignment() {
        constexpr std::string_view key = "general.alignment";
        const GgufValue *value = file_.find(key);
        if (value == nullptr) {
            return;
        }
        if (value->type != GgufType::uint32) {
            file_.fail(LLMODEL_INVALID_MODEL, key,
                       std::string("must be of type uint32, not ") + gguf_type_label(value->type));
        }
        const std::uint64_t alignment = *file_.get_uint(key);
        if (!std::has_single_bit(alignment) || alignment > max_alignment) {
            file_.fail(LLMODEL_INVALID_MODEL, key,
                       "must be a power of two up to " + std::to_string(max_alignment) + ", not " +
                           std::to_string(alignment));
        }
        file_.alignment = static_cast<std::uint32_t>(alignment);
    }

    void read_tensor() {
        cursor_.clear_subject();
        GgufTensor tensor;
        tensor.info_offset = cursor_.position();
        tensor.name = cursor_.string("the name of a tensor", GGML_MAX_NAME - 1);
        cursor_.set_subject("tensor", tensor.name);
        if (tensor.name.empty() || !is_valid_utf8(tensor.name) || tensor.name.find('\0') != std::string::npos) {
            cursor_.fail(LLMODEL_INVALID_MODEL, tensor.info_offset,
                         "a tensor's name must be non-empty UTF-8 text without NUL");
        }
        if (!names_.insert(tensor.name).second) {
            cursor_.fail(LLMODEL_INVALID_MODEL, tensor.info_offset, "the tensor occurs twice");
        }
        const std::uint64_t dims_at = cursor_.position();
        tensor.n_dims = cursor_.number<std::uint32_t>("the number of dimensions");
        if (tensor.n_dims > GGML_MAX_DIMS) {
            cursor_.fail(LLMODEL_INVALID_MODEL, dims_at,
                         "the tensor claims " + std::to_string(tensor.n_dims) + " dimensions; at most " +
                             std::to_string(GGML_MAX_DIMS) + " are possible");
        }
        constexpr std::uint64_t max_elements = std::numeric_limits<std::int64_t>::max() / 16;
        std::uint64_t elements = 1;
        for (std::size_t i = 0; i < tensor.n_dims; ++i) {
            const std::uint64_t at = cursor_.position();
            const auto dim = cursor_.number<std::uint64_t>("a dimension");
            if (dim == 0 || dim > max_elements / elements) {
                cursor_.fail(LLMODEL_INVALID_MODEL, at,
                             "dimension " + std::to_string(i) + " is " + std::to_string(dim) +
                                 (dim == 0 ? "" : ", which overflows the tensor's size"));
            }
            elements *= dim;
            tensor.dims[i] = static_cast<std::int64_t>(dim);
        }
        read_tensor_type(tensor, elements);
        tensor.offset = cursor_.number<std::uint64_t>("the offset of the tensor's data");
        file_.tensors.push_back(std::move(tensor));
    }

    void read_tensor_type(GgufTensor &tensor, std::uint64_t elements) {
        const std::uint64_t at = cursor_.position();
        const auto type = cursor_.number<std::uint32_t>("the tensor's type");
        if (type >= GGML_TYPE_COUNT) {
            cursor_.fail(LLMODEL_INVALID_MODEL, at,
                         "there is no tensor type " + std::to_string(type) +
                             "; the file is corrupt or newer than this library");
        }
        tensor.type = static_cast<ggml_type>(type);
        const auto block = static_cast<std::uint64_t>(ggml_blck_size(tensor.type));
        const auto block_bytes = static_cast<std::uint64_t>(ggml_type_size(tensor.type));
        if (block == 0 || block_bytes == 0) {
            cursor_.fail(LLMODEL_UNSUPPORTED, at,
                         "tensor type " + std::to_string(type) + " (" + ggml_type_name(tensor.type) +
                             ") was given up by ggml; quantise the model again");
        }
        if (static_cast<std::uint64_t>(tensor.dims[0]) % block != 0) {
            cursor_.fail(LLMODEL_INVALID_MODEL, at,
                         "rows of " + std::to_string(tensor.dims[0]) + " elements cannot be cut into the blocks of " +
                             std::to_string(block) + " that type " + ggml_type_name(tensor.type) + " has");
        }
        const std::uint64_t blocks = elements / block;
        if (blocks > file_.size / block_bytes) {
            cursor_.fail(LLMODEL_INVALID_MODEL, at,
                         "the tensor's data cannot fit into the file of " + std::to_string(file_.size) +
                             " bytes; it is truncated or corrupt, download it again");
        }
        tensor.size = blocks * block_bytes;
    }

    /** Turns offsets from the beginning of the data into offsets from the beginning of the file. */
    void place_tensors() {
        cursor_.clear_subject();
        file_.data_offset = padded(cursor_.position(), file_.alignment);
        if (file_.tensors.empty()) {
            return;
        }
        std::uint64_t expected = 0;
        for (GgufTensor &tensor : file_.tensors) {
            if (tensor.offset != expected) {
                file_.fail_tensor(LLMODEL_INVALID_MODEL, tensor,
                                  "claims that its data begins at " + std::to_string(tensor.offset) +
                                      " of the data section, but the tensors before it end at " +
                                      std::to_string(expected));
            }
            tensor.offset += file_.data_offset;
            if (tensor.offset > file_.size || tensor.size > file_.size - tensor.offset) {
                file_.fail_tensor(LLMODEL_INVALID_MODEL, tensor,
                                  "needs the bytes " + std::to_string(tensor.offset) + " to " +
                                      std::to_string(tensor.offset + tensor.size) + ", but the file ends at " +
                                      std::to_string(file_.size) + "; it is truncated, download it again");
            }
            expected += padded(tensor.size, file_.alignment);
        }
    }

    static constexpr std::uint64_t min_pair_bytes = 8 + 1 + 4 + 1;
    static constexpr std::uint64_t min_tensor_bytes = 8 + 1 + 4 + 4 + 8;

    Cursor cursor_;
    GgufFile file_;
    std::uint64_t tensor_count_ = 0;
    std::uint64_t key_count_ = 0;
    std::unordered_set<std::string> names_;
};

} // namespace

GgufFile read_gguf(ByteSource &source) {
    static_assert(std::endian::native == std::endian::little, "GGUF is read into memory as it lies in the file");
    return Parser(source).run();
}

GgufFile read_gguf(const std::filesystem::path &path) {
    FileSource source(path);
    return read_gguf(source);
}

} // namespace llmodel
