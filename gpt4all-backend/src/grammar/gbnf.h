#pragma once

#include "llama.h"

#include <string>

namespace llmodel {

/** Who made a grammar: only in ours are there marks. */
enum class GrammarFrom { user, us };

/** Throws Error(LLMODEL_GRAMMAR_ERROR) unless llama.cpp can sample by the grammar within our bounds. `what` names it in
 * messages, such as "the grammar". */
void check_gbnf(const llama_vocab *vocab, const std::string &grammar, const std::string &what,
                GrammarFrom from = GrammarFrom::user);

} // namespace llmodel
