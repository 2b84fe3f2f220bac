#pragma once

#include "error.h"
#include "llama.h"

#include <string>

namespace llmodel {

/** Throws Error(LLMODEL_GRAMMAR_ERROR) unless the request's grammar, or the grammar that its JSON Schema turns into,
 * can be parsed within our limits. */
void check_grammar(const llama_vocab *vocab, const json &request);

/** The grammar that a JSON Schema turns into. Throws Error(LLMODEL_GRAMMAR_ERROR). */
std::string grammar_of_schema(const llama_vocab *vocab, const json &schema);

} // namespace llmodel
