#include "gguf/utf8.h"

#include "json/utf8.h"

#include <cstddef>

namespace llmodel {

bool is_valid_utf8(std::string_view text) {
    return first_invalid_utf8(text) == std::string_view::npos;
}

std::string printable(std::string_view text) {
    constexpr std::size_t limit = 80;
    constexpr char hex[] = "0123456789abcdef";
    std::string result;
    while (!text.empty()) {
        if (result.size() >= limit) {
            return result + "...";
        }
        const std::size_t length = code_point_length(text);
        const auto byte = static_cast<unsigned char>(text[0]);
        if (length == 0 || byte < 0x20 || byte == 0x7F) {
            result += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
            text.remove_prefix(1);
        } else {
            result += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return result;
}

} // namespace llmodel
