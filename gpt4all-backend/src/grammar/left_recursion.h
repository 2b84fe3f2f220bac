#pragma once

#include "llama-grammar.h"

#include <cstddef>
#include <optional>

namespace llmodel {

enum class Recursion {
    Growing, // with more to come after it: a parser would follow it without end
    Any,
};

/** A rule of a grammar that begins with itself, perhaps behind what may be empty. Rules must refer to rules that are
 * there. llama.cpp itself refuses the plain cases only, growing or not. */
std::optional<size_t> left_recursive_rule(const llama_grammar_rules &rules, Recursion kind);

} // namespace llmodel
