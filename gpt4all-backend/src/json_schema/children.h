#pragma once

#include "languages.h"

#include <algorithm>
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
    /** What must hold of a member. "unevaluatedProperties" counts if the shape knows what was reached from where. */
    Schemas of_property(const Shape &shape, const std::string &name);
    /** What the "unevaluated…" of schemas say of a member or an item which `describes` says that a schema speaks of. */
    template<typename Describes>
    void add_unevaluated(const Shape &shape, const char *keyword, const Describes &describes, Schemas &schemas) {
        if (shape.reached_from == nullptr) {
            return;
        }
        for (const Schema *part : shape.parts) {
            const bool limits = part->find(keyword) != nullptr;
            if (limits && std::none_of(shape.parts.begin(), shape.parts.end(), [&](const Schema *other) {
                    return sees(shape, *part, *other) && (describes(*other) || other->incomplete_contents() ||
                                                          (other != part && other->find(keyword) != nullptr));
                })) {
                schemas.push_back(&document_.child(*part, keyword));
            }
        }
    }
    /** How many items are described one by one. */
    size_t prefix(const Schemas &parts);
    Schemas of_item(const Shape &shape, size_t index);
    /** The schema for items after those of the prefix, or null. */
    const Schema *rest_of_items(const Schema &part);

  private:
    /** Whether what a schema evaluates counts for another, from which it was reached. */
    static bool sees(const Shape &shape, const Schema &schema, const Schema &other);
    const std::unordered_map<std::string, const json *> &properties(const Schema &part);

    Document &document_;
    Languages &languages_;
    std::unordered_map<const Schema *, std::unordered_map<std::string, const json *>> properties_;
};

bool any_false(const Schemas &schemas);

} // namespace llmodel::json_schema
