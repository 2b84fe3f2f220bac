#pragma once

#include "error.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace llmodel {

/** Numbers that no type of ours holds, such as 2^64 or decimals of 20 digits, stand in requests' tools, messages and
 *  variables for templates as strings that begin with this, U+FFFF, which no text has. A template shows their digits.
 */
inline constexpr std::string_view number_mark = "\xEF\xBF\xBF";

/** Whether reading a number of JSON changes it: as an integer of 64 bits, or the double that is nearest. */
bool is_rounded(std::string_view number);

/** JSON text with the mark, in a string, at the numbers that would be rounded. */
std::string mark_numbers(const std::string &text);

/** Numbers beyond every double, which the parser takes for errors, by how many numbers come before each. */
using EndlessNumbers = std::map<size_t, std::string>;

/** JSON text with 0 in their place, and as long as it was. */
std::string without_endless(const std::string &text, EndlessNumbers &numbers);

/** Whether a text is JSON, with numbers of any size. */
bool is_json(const std::string &text);

/** JSON text of a value without marks: its numbers with all their digits. */
std::string dump_unmarked(const json &value);

/** The value with numbers, rounded, in the place of the marked ones. */
json round_marked(json value);

} // namespace llmodel
