#pragma once

#include "schema_node.h"

namespace llmodel {

/** Takes out of the document every member that is null, may be left out, and is of a kind that excludes null. */
void drop_absent(const SchemaNode &node, json &value);

} // namespace llmodel
