#pragma once

namespace llmodel {

/** Masks of grammars by TokenTrie and GrammarStates, from now on, for the grammars that these can follow; llama.cpp
 *  itself looks at all tokens for each way to read the text. */
void mask_by_states();

} // namespace llmodel
