#pragma once

#include "languages.h"

#include <unordered_map>
#include <vector>

namespace llmodel::json_schema {

/** Schemas that a value must all satisfy. */
using Schemas = std::vector<const Schema *>;

/** Finds what schemas that apply to an object or an array say of what is in it. */
class Children {
  public:
    Children(Document &document, Languages &languages) : document_(document), languages_(languages) {}

    /** Names in "properties", in their order, with those in "required" that are not there after them. */
    std::vector<std::string> names(const Shape &shape);
    /** What must hold of a member. */
    Schemas of_property(const Schemas &parts, const std::string &name);
    /** How many items are described one by one. */
    size_t prefix(const Schemas &parts);
    Schemas of_item(const Schemas &parts, size_t index);
    /** The schema for items after those of the prefix, or null. */
    const Schema *rest_of_items(const Schema &part);

  private:
    const std::unordered_map<std::string, const json *> &properties(const Schema &part);

    Document &document_;
    Languages &languages_;
    std::unordered_map<const Schema *, std::unordered_map<std::string, const json *>> properties_;
};

bool any_false(const Schemas &schemas);

} // namespace llmodel::json_schema
