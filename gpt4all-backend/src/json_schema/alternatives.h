#pragma once

#include "accepts.h"
#include "children.h"

#include <map>
#include <set>

namespace llmodel::json_schema {

/** Takes schemas apart: "$ref" and "allOf" are followed, "anyOf" and "oneOf" become alternatives. */
class Alternatives {
  public:
    Alternatives(Document &document, Languages &languages, Acceptance &acceptance, Children &children)
        : document_(document), languages_(languages), acceptance_(acceptance), children_(children) {}

    /**
     * The ways to satisfy all of the schemas. In each of them only the keywords count that say something of the value
     * itself. Refuses a "oneOf" two of whose schemas might hold the same value.
     */
    std::vector<Schemas> of(const Schemas &schemas);

    /** The values that a shape with "const" or "enum" allows. */
    std::vector<json> values(const Shape &shape);

  private:
    struct Choice {
        const Schema *schema;
        std::string_view keyword;
    };
    struct Way {
        Schemas parts;
        std::map<const Schema *, const Schema *> reached_from;
        std::vector<Choice> open;
        bool impossible = false;
    };

    void add(Way &way, const Schema &schema, const Schema *from);
    void choose(Way way, size_t next, bool probing, std::vector<Schemas> &ways);
    Schemas options(const Choice &choice);
    void add_dependents(Way &way, const Schema &schema);
    void check_one_of(const Choice &choice, const Schemas &options, const Schemas &beside);
    bool apart(const Schema &a, const Schema &b, const Schemas &beside);
    bool none_satisfies(const Schemas &schemas, const Schemas &beside, int depth);
    bool impossible(const Schemas &parts, int depth);
    bool impossible_type(const Shape &shape, uint8_t of, int depth);

    Document &document_;
    Languages &languages_;
    Acceptance &acceptance_;
    Children &children_;
    std::map<const Schema *, Schemas> dependents_; // each: without the name, or with what it needs
    std::set<const Schema *> known_apart_;
    int probes_ = 0;
};

} // namespace llmodel::json_schema
