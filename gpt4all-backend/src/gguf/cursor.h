#pragma once

#include "error.h"
#include "gguf/byte_source.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace llmodel {

/** A buffered position in the source that knows what is being read, for messages. */
class GgufCursor {
  public:
    explicit GgufCursor(ByteSource &source) : source_(source), buffer_(std::size_t{1} << 18) {}

    std::uint64_t size() const { return source_.size(); }
    std::uint64_t position() const { return position_; }
    std::uint64_t remaining() const { return source_.size() - position_; }

    /** What errors name as being read: {"key": …}, {"tensor": …} or {}. */
    void set_subject(const char *kind, std::string_view name);
    void clear_subject() { subject_kind_ = nullptr; }

    [[noreturn]] void fail(llmodel_status status, std::uint64_t offset, const std::string &message) const;
    [[noreturn]] void fail(const std::string &message) const { fail(LLMODEL_INVALID_MODEL, position_, message); }

    /** Refuses a length that the file cannot hold, before anything is allocated for it. */
    void need(std::uint64_t bytes, std::string_view what) const;

    void read(std::span<std::byte> into);

    /** Passes over bytes, which must be there. */
    void skip(std::uint64_t bytes, std::string_view what) {
        need(bytes, what);
        position_ += bytes;
    }

    /** Reads the next bytes without passing over them; false if there are fewer. */
    bool peek(std::span<std::byte> into);

    template<typename T> T number(const char *what) {
        static_assert(std::is_arithmetic_v<T>);
        need(sizeof(T), what);
        T value;
        read(std::as_writable_bytes(std::span(&value, 1)));
        return value;
    }

    /** Text that follows its length. */
    void string(const char *what, std::uint64_t limit, std::string &text);
    std::string string(const char *what, std::uint64_t limit);

  private:
    ByteSource &source_;
    std::vector<std::byte> buffer_;
    std::uint64_t buffer_begin_ = 0;
    std::size_t buffer_length_ = 0;
    std::uint64_t position_ = 0;
    const char *subject_kind_ = nullptr;
    std::string subject_;
};

} // namespace llmodel
