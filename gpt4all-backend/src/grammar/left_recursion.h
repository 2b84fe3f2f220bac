#pragma once

#include "llama-grammar.h"

#include <cstddef>
#include <optional>

namespace llmodel {

/** A rule of a grammar that begins with itself, perhaps behind what may be empty, and has more to come after that: a
 * parser would follow it without end. Rules must refer to rules that are there. llama.cpp itself finds the plain cases
 * only. */
std::optional<size_t> left_recursive_rule(const llama_grammar_rules &rules);

} // namespace llmodel
