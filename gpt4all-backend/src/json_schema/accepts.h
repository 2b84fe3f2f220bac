#pragma once

#include "languages.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace llmodel::json_schema {

/** A text that two values share if they are the same JSON: in any order of members, and 1 is 1.0. */
std::string canonical(const json &value);
bool same_value(const json &a, const json &b);

/** Says of single values whether they are valid under a schema. All of its keywords count but "unevaluated…". */
class Acceptance {
  public:
    Acceptance(Document &document, Languages &languages) : document_(document), languages_(languages) {}

    bool accepts(const Schema &schema, const json &value);
    /** By the schema's own keywords, without "$ref", "allOf", "anyOf" and "oneOf". */
    bool accepts_directly(const Schema &schema, const json &value);

  private:
    bool accepts_targets(const Schema &schema, const json &value);
    bool accepts_number(const Schema &schema, const json &value);
    bool accepts_string(const Schema &schema, const json &value);
    bool accepts_array(const Schema &schema, const json &value);
    bool accepts_object(const Schema &schema, const json &value);
    bool accepts_property(const Schema &schema, const std::string &name, const json &value);
    bool accepts_dependents(const Schema &schema, const json &value);
    size_t matching(const Schema &schema, std::string_view keyword, const json &value);

    const std::unordered_set<std::string> &listed(const Schema &schema, const json &values);

    Document &document_;
    Languages &languages_;
    std::unordered_map<const Schema *, std::unordered_set<std::string>> listed_; // in "enum"
    int depth_ = 0;
};

} // namespace llmodel::json_schema
