#pragma once

#include "accepts.h"

#include <map>
#include <set>
#include <string>

namespace llmodel::json_schema {

/** By what values of a schema can be told from those of others at a glance: the constants that a property which they
 *  all have may be, as texts that equal values share. Under no name: the value itself. */
using Tags = std::map<std::string, std::set<std::string>>;

Tags tags_of(Document &document, const Schema &schema);

/** Whether something keeps each value of one from being one of the other. */
bool apart(const Tags &a, const Tags &b);

} // namespace llmodel::json_schema
