#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmodel {

/** Bytes of the whole, shortest-form code point (RFC 3629) that begins `text`, which is not empty; 0 if none does. */
size_t code_point_length(std::string_view text);

/** Offset of the first byte that does not belong to a whole, shortest-form code point (RFC 3629), or npos. */
size_t first_invalid_utf8(std::string_view text);

/** Code points of valid UTF-8. */
size_t count_code_points(std::string_view text);

/** `text`, which is valid UTF-8, as a JSON string of at most `limit` bytes of content, with an ellipsis where cut. */
std::string quote(std::string_view text, size_t limit = 60);

} // namespace llmodel
