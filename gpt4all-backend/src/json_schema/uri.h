#pragma once

#include <string>
#include <string_view>

namespace llmodel::json_schema {

/** A reference as RFC 3986, section 5.2, resolves it against a base. */
std::string resolve_uri(std::string_view base, std::string_view reference);

/** "%25" and the like as the bytes that they stand for. */
std::string percent_decoded(std::string_view text);

} // namespace llmodel::json_schema
