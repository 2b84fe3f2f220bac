#pragma once

#include <string>
#include <vector>

/** Writes GBNF: parts of a sequence. An empty one matches nothing but the empty text. */
namespace llmodel::tool_calls {

/** One of these. */
std::string alternatives(const std::vector<std::string> &all);
std::string optional(const std::string &text);
/** So many times; `most` is -1 for any number. */
std::string counted(const std::string &text, int least, int most);
/** One after the other. */
std::string joined(const std::string &a, const std::string &b);

} // namespace llmodel::tool_calls
