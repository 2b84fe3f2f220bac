#pragma once

#include "keywords.h"

#include <unordered_map>
#include <vector>

namespace llmodel::json_schema {

/**
 * Says what "not", "if", "dependentSchemas" and "dependencies" mean in keywords of which grammars can be made: choices
 * between schemas, by De Morgan's laws and by the opposite of each keyword. What remains under "not" is what
 * is_exclusion() knows.
 */
class Conditions {
  public:
    explicit Conditions(Document &document) : document_(document) {}

    /** Schemas that hold together where the conditions of a schema do. Refuses what has no opposite that can be said.
     */
    const std::vector<const Schema *> &of(const Schema &schema);
    /** A schema for all that is not valid under another, for a keyword of `from`. Refuses it if it cannot be said: then
     *  that keyword is what may be left out, and nothing under it, without which less would be valid. */
    const Schema &opposite(const Schema &schema, const Schema &from, std::string_view keyword);

  private:
    using Options = json::array_t;

    const Schema &opposite(const Schema &schema, const Place &condition);
    json negated(const Schema &schema);
    json negated(const Schema &schema, const Place &condition);
    json negated_child(const Schema &schema, std::string_view keyword);
    Options breaches(const Schema &schema);
    void types(const Schema &schema, Options &options);
    void values(const Schema &schema, Options &options);
    void numbers(const Schema &schema, Options &options);
    void strings(const Schema &schema, Options &options);
    void arrays(const Schema &schema, Options &options);
    void objects(const Schema &schema, Options &options);
    void combinations(const Schema &schema, Options &options);
    void conditions(const Schema &schema, Options &options);
    json link(const Schema &schema, std::string_view keyword);
    std::vector<const Schema *> listed(const Schema &schema, std::string_view keyword);

    Document &document_;
    std::unordered_map<const Schema *, std::vector<const Schema *>> of_;
    std::unordered_map<const Schema *, const Schema *> opposites_;
    size_t parts_ = 0;
};

/** Whether a schema was made to be an opposite. */
bool is_opposite(const Schema &schema);

/**
 * Whether a schema's "not" excludes texts or numbers by one keyword of its own, of which an automaton can be made: the
 * "pattern", "const" or "enum" of strings, where the type is "string", or the "multipleOf" of numbers.
 */
bool is_exclusion(const Schema &schema);

} // namespace llmodel::json_schema
