#pragma once

#include "error.h"
#include "llama.h"

namespace llmodel {

/** Throws Error(LLMODEL_GRAMMAR_ERROR) unless the request's grammar, or the grammar that its JSON Schema turns into,
 * can be parsed within our limits; LLMODEL_INVALID_ARGUMENT if it has several. */
void check_grammar(const llama_vocab *vocab, const json &request);

} // namespace llmodel
