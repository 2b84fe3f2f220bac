#pragma once

#include "error.h"

#include <string>

namespace llmodel {

/**
 * A grammar in GBNF, with the rule "root", whose every text is valid under a JSON Schema of draft 2020-12 or 7. Throws
 * Error(LLMODEL_GRAMMAR_ERROR), with "pointer" and "keyword", for a schema that no grammar can honour to the letter.
 */
std::string compile_json_schema(const json &schema);

} // namespace llmodel
