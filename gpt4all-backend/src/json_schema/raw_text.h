#pragma once

#include "automaton.h"
#include "compile.h"

namespace llmodel::json_schema {

/** The texts that can be written as they are: which the first end to occur ends, and none of the patterns finds. */
Automaton raw_texts(const RawText &raw);

} // namespace llmodel::json_schema
