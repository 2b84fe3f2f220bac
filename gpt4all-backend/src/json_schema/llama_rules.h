#pragma once

#include "error.h"

namespace llmodel {

/** Has llama.cpp take our rules wherever its grammars of chats need a schema's: tools' and response formats' beside
 *  reasoning. */
void use_our_schema_rules();

/** Throws Error(LLMODEL_GRAMMAR_ERROR) that names the tool of a chat request whose parameters cannot be honoured. */
void check_tool_schemas(const json &request);

} // namespace llmodel
