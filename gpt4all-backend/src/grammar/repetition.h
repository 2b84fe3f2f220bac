#pragma once

#include "llama-grammar.h"

#include <cstdint>
#include <string>

namespace llmodel {

/** Appends to `rule` at least `least` and at most `most` (UINT64_MAX: any number) of `item`, with as many elements as
 * the square root of that, where llama.cpp's own way takes one rule for each. `name` is the rule that it belongs to. */
void repeat(llama_grammar_parser &parser, const std::string &name, const llama_grammar_rule &item, uint64_t least,
            uint64_t most, llama_grammar_rule &rule);

} // namespace llmodel
