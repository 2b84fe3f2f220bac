#include "gguf/cursor.h"

#include "gguf/utf8.h"

#include <algorithm>
#include <cstring>

namespace llmodel {

void GgufCursor::set_subject(const char *kind, std::string_view name) {
    subject_kind_ = kind;
    subject_ = printable(name);
}

void GgufCursor::fail(llmodel_status status, std::uint64_t offset, const std::string &message) const {
    json detail = {{"path", source_.name()}, {"offset", offset}};
    std::string what;
    if (subject_kind_ != nullptr) {
        detail[subject_kind_] = subject_;
        what = std::string(subject_kind_) + " '" + subject_ + "', ";
    }
    throw Error(status, "'" + source_.name() + "': " + what + "at byte " + std::to_string(offset) + ": " + message,
                detail);
}

void GgufCursor::need(std::uint64_t bytes, std::string_view what) const {
    if (bytes > remaining()) {
        fail(std::string(what) + " needs " + std::to_string(bytes) + " bytes, but the file ends " +
             std::to_string(remaining()) + " bytes further on (at " + std::to_string(source_.size()) +
             "); it is truncated or corrupt, so download it again");
    }
}

void GgufCursor::read(std::span<std::byte> into) {
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

bool GgufCursor::peek(std::span<std::byte> into) {
    if (into.size() > remaining()) {
        return false;
    }
    const std::uint64_t position = position_;
    read(into);
    position_ = position;
    return true;
}

void GgufCursor::string(const char *what, std::uint64_t limit, std::string &text) {
    const std::uint64_t at = position_;
    const auto length = number<std::uint64_t>(what);
    if (length > limit) {
        fail(LLMODEL_INVALID_MODEL, at,
             std::string(what) + " claims a length of " + std::to_string(length) + " bytes; at most " +
                 std::to_string(limit) + " are allowed");
    }
    need(length, what);
    text.resize(static_cast<std::size_t>(length));
    read(std::as_writable_bytes(std::span(text)));
}

std::string GgufCursor::string(const char *what, std::uint64_t limit) {
    std::string text;
    string(what, limit, text);
    return text;
}

} // namespace llmodel
