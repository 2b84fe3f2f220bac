#pragma once

#include "schema_node.h"

#include <string>
#include <vector>

namespace llmodel {

/** "a", "a or b", "a, b or c". */
std::string join_or(const std::vector<std::string> &parts);

/** As JSON, for a message. */
std::string show(const Scalar &value);
std::string show(double value);

/** "between 0 and 1", "at least 1", "greater than 0 and at most 100"; empty if any number will do. */
std::string range_text(const SchemaNode &node);

/** "one of "auto", "on", "off"", or just the value if there is but one. */
std::string allowed_text(const std::vector<Scalar> &allowed);

/** What a value must be, as far as can be said in a few words: "a string or an array", "a number between 0 and 1". */
std::string expectation(const SchemaNode &node);

} // namespace llmodel
