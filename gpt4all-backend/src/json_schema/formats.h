#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace llmodel::json_schema {

/** Names of fewer characters that are counted may have a pattern which does not count them itself. */
inline constexpr size_t longest_counted_name = 238;

/** A pattern of texts that all have the format; empty for a format that says nothing here. With a length, up
 *  to which they will be counted, those of names with fewer states are longer than any real name may be. */
std::string format_pattern(std::string_view format, std::optional<size_t> most = {});

} // namespace llmodel::json_schema
