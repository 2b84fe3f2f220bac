// The parser behind read_gguf(): GGUF as specified in ggml-org/ggml docs/gguf.md.

#include "gguf/foreign_format.h"
#include "gguf/gguf_file.h"
#include "gguf/parse.h"
#include "gguf/utf8.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>
#include <utility>

namespace llmodel {

namespace {

// Limits well above every published model. They keep llama.cpp's own reader, which compares each name with all names
// before it, within seconds.
constexpr std::uint64_t max_keys = 8192;
constexpr std::uint64_t max_tensors = 32768;
constexpr std::uint64_t max_key_bytes = 65535;
constexpr std::uint64_t max_alignment = 1 << 20;

constexpr std::uint32_t newest_version = 3;

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
        parsing::place_tensors(file_, cursor_.position());
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
                        "', not with 'GGUF'",
                    detail);
    }

    void read_header() {
        cursor_.number<std::uint32_t>("the magic");
        const std::uint64_t version_at = cursor_.position();
        file_.version = cursor_.number<std::uint32_t>("the version");
        if (file_.version != 0 && (file_.version & 0xFFFF) == 0) {
            cursor_.fail(LLMODEL_UNSUPPORTED, version_at,
                         "the file is big-endian; only little-endian GGUF can be read, so convert the model again");
        }
        if (file_.version == 1) {
            cursor_.fail(LLMODEL_UNSUPPORTED, version_at,
                         "GGUF version 1, used for a few weeks of 2023, is not supported; get a newer file");
        }
        if (file_.version < 2 || file_.version > newest_version) {
            cursor_.fail(LLMODEL_UNSUPPORTED, version_at,
                         "GGUF version " + std::to_string(file_.version) +
                             " is unknown; versions 2 and 3 are supported");
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
                             (count > limit ? "at most " + std::to_string(limit) + " are allowed"
                                            : "the file is too short for them: it is truncated or corrupt"));
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
        if (!file_.metadata.emplace(std::move(key), parsing::read_value(cursor_)).second) {
            cursor_.fail(LLMODEL_INVALID_MODEL, key_at, "the key occurs twice");
        }
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
        GgufTensor tensor = parsing::read_tensor(cursor_);
        if (!names_.insert(tensor.name).second) {
            cursor_.fail(LLMODEL_INVALID_MODEL, tensor.info_offset, "the tensor occurs twice");
        }
        file_.tensors.push_back(std::move(tensor));
    }

    static constexpr std::uint64_t min_pair_bytes = 8 + 1 + 4 + 1;
    static constexpr std::uint64_t min_tensor_bytes = 8 + 1 + 4 + 4 + 8;

    GgufCursor cursor_;
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
