#pragma once

#include <string>
#include <string_view>

namespace llmodel::json_schema {

/** A pattern of texts that all have the format; empty for a format that says nothing here. */
std::string format_pattern(std::string_view format);

} // namespace llmodel::json_schema
