#pragma once

#include "error.h"

#include <memory>
#include <string>

namespace llmodel {

/** Says of texts whether they are JSON that is valid under a schema, for what no grammar can say. */
class SchemaValidator {
  public:
    /** `arguments`: of a tool; an object, whatever the schema says. Throws Error(LLMODEL_GRAMMAR_ERROR), with "pointer"
     * and "keyword", for a schema with a mistake, or one that cannot be checked. */
    explicit SchemaValidator(json schema, bool arguments = false);
    ~SchemaValidator();
    SchemaValidator(const SchemaValidator &) = delete;
    SchemaValidator &operator=(const SchemaValidator &) = delete;

    /** The first thing that is wrong with a text: "pointer" to it, "keyword", "schema_pointer" and "message"; null if
     * the text is valid. Numbers are compared to the last digit. */
    json fault(const std::string &text);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace llmodel
