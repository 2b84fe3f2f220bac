#pragma once

#include "schema_node.h"

#include <string_view>

namespace llmodel {

/** Whether the value is valid. */
bool conforms(const SchemaNode &node, const json &value);

/** Throws Error for the first violation of `node`, whose name is `definition`, as validate() says. */
void check_document(const SchemaNode &node, std::string_view definition, const json &value);

} // namespace llmodel
