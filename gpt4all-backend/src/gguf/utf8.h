#pragma once

#include <string>
#include <string_view>

namespace llmodel {

/** Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates. */
bool is_valid_utf8(std::string_view text);

/** For error messages: at most 80 bytes of `text`, with everything but printable ASCII and valid UTF-8 escaped. */
std::string printable(std::string_view text);

} // namespace llmodel
