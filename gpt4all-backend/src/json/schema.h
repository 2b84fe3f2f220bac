#pragma once

#include "error.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace llmodel {

/** The published JSON Schema, as llmodel_schema() gives it. NUL-terminated. */
const char *schema_text();

/**
 * Checks `value` against `$defs/<definition>` of the published schema. Throws Error(LLMODEL_INVALID_ARGUMENT) for the
 * first violation in the document's order, naming the property, its value and what is allowed, with the detail
 * {"path": JSON pointer, "definition": …, "keyword": …}.
 */
void validate(const json &value, std::string_view definition);

/** As above, of what a caller gave. A member that is null counts as not given and is taken out, if it may be left out
 * and the schema does not let it be null. */
void accept(json &value, std::string_view definition);

/** The names under `$defs`, sorted. */
std::vector<std::string> schema_definitions();

struct SchemaNode;

/**
 * A schema, compiled. It knows the part of draft 2020-12 that ours needs: type, enum, const, minimum, maximum,
 * exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems, maxItems, items, prefixItems, properties,
 * required, additionalProperties, unevaluatedProperties: false, $ref to `$defs`, allOf, anyOf and oneOf. References may
 * not form a cycle, and no two parts of an allOf may name the same property.
 */
class Schema {
  public:
    /** Throws std::logic_error for a keyword that would be ignored, or a use of one that would be misunderstood. */
    explicit Schema(const json &document);
    ~Schema();

    void validate(const json &value, std::string_view definition) const;
    void accept(json &value, std::string_view definition) const;
    std::vector<std::string> definitions() const;

  private:
    std::map<std::string, std::shared_ptr<const SchemaNode>, std::less<>> definitions_;
};

} // namespace llmodel
