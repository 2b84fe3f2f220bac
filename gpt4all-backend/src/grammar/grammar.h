#pragma once

#include "error.h"
#include "llama.h"

#include <string>

namespace llmodel {

/** Throws Error(LLMODEL_GRAMMAR_ERROR) unless the request's grammar, or the grammar that its JSON Schema turns into,
 * can be parsed within our limits. */
void check_grammar(const llama_vocab *vocab, const json &request);

/** The schema that the request's answer must follow, or null. */
json schema_of(const json &request);

/** Whether the answer must follow it to the letter, and not only as far as a grammar can say it. */
bool is_strict(const json &request);

/** The grammar that a JSON Schema turns into: unless it is strict, of what a grammar can say. Throws
 * Error(LLMODEL_GRAMMAR_ERROR). */
std::string grammar_of_schema(const llama_vocab *vocab, const json &schema, bool strict);

} // namespace llmodel
