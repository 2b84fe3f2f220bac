#pragma once

#include "error.h"

#include <string>

namespace llmodel {

/** Throws Error(LLMODEL_GRAMMAR_ERROR) for a JSON Schema from which llama.cpp would take too long to make a grammar, or
 * with a lower bound above its upper one. `path` is the JSON Pointer to the schema in the request. */
void check_schema_bounds(const json &schema, const std::string &path);

} // namespace llmodel
