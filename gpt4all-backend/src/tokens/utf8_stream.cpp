#include "tokens/utf8_stream.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace llmodel {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct Sequence {
    size_t length;               // of the code point that the first byte begins; 0: none
    unsigned char second_lowest; // the second byte's range excludes overlong forms, surrogates and beyond U+10FFFF
    unsigned char second_highest;
};

Sequence sequence_of(unsigned char first) {
    if (first < 0x80) {
        return {1, 0, 0};
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return {2, 0x80, 0xBF};
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return {3, static_cast<unsigned char>(first == 0xE0 ? 0xA0 : 0x80),
                static_cast<unsigned char>(first == 0xED ? 0x9F : 0xBF)};
    }
    if (first >= 0xF0 && first <= 0xF4) {
        return {4, static_cast<unsigned char>(first == 0xF0 ? 0x90 : 0x80),
                static_cast<unsigned char>(first == 0xF4 ? 0x8F : 0xBF)};
    }
    return {0, 0, 0};
}

} // namespace

std::string Utf8Stream::push(std::string_view bytes) {
    pending_ += bytes;
    std::string whole;
    whole.reserve(pending_.size());
    size_t at = 0;
    while (at < pending_.size()) {
        const Sequence sequence = sequence_of(static_cast<unsigned char>(pending_[at]));
        size_t valid = sequence.length == 0 ? 0 : 1;
        while (valid > 0 && valid < sequence.length && at + valid < pending_.size()) {
            const auto byte = static_cast<unsigned char>(pending_[at + valid]);
            const unsigned char lowest = valid == 1 ? sequence.second_lowest : 0x80;
            const unsigned char highest = valid == 1 ? sequence.second_highest : 0xBF;
            if (byte < lowest || byte > highest) {
                break;
            }
            ++valid;
        }
        if (sequence.length > 0 && valid == sequence.length) {
            whole.append(pending_, at, valid);
            at += valid;
        } else if (sequence.length > 0 && at + valid == pending_.size()) {
            break; // may yet be completed
        } else {
            whole += replacement;
            at += valid == 0 ? 1 : valid;
        }
    }
    pending_.erase(0, at);
    return whole;
}

std::string Utf8Stream::finish() {
    const bool incomplete = !std::exchange(pending_, {}).empty();
    return incomplete ? std::string(replacement) : std::string();
}

} // namespace llmodel
