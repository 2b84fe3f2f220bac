#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace llmodel::json_schema {

/** A pattern of texts that all have the format; empty for a format that says nothing here. With a length, up
 *  to which they will be counted, those of names with fewer states are longer than any real name may be. */
std::string format_pattern(std::string_view format, std::optional<size_t> most = {});

} // namespace llmodel::json_schema
