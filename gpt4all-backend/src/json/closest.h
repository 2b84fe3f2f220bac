#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmodel {

/** The candidate that `name` most probably misspells, or an empty string if none is near. Case and the separators
 *  "_" and "-" count for nothing, so that "maxTokens" finds "max_tokens". */
std::string closest(std::string_view name, const std::vector<std::string_view> &candidates);

} // namespace llmodel
