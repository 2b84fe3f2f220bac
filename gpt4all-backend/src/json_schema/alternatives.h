#pragma once

#include "accepts.h"
#include "children.h"
#include "conditions.h"
#include "tags.h"

#include <map>
#include <set>

namespace llmodel::json_schema {

/** Takes schemas apart: "$ref" and "allOf" are followed, "anyOf" and "oneOf" become alternatives. */
class Alternatives {
  public:
    Alternatives(Document &document, Languages &languages, Acceptance &acceptance, Children &children)
        : document_(document), languages_(languages), acceptance_(acceptance), children_(children),
          conditions_(document) {}

    /**
     * The ways to satisfy all of the schemas. In each of them only the keywords count that say something of the value
     * itself. Refuses a "oneOf" two of whose schemas might hold the same value, where it cannot be said when one does
     * not. `reaches` tells for each way from where its schemas were reached.
     */
    std::vector<Schemas> of(const Schemas &schemas, std::vector<Reach> *reaches = nullptr);

    /** A schema for all that is not valid under another, for a keyword of `from`. */
    const Schema &opposite(const Schema &schema, const Schema &from, std::string_view keyword) {
        return conditions_.opposite(schema, from, keyword);
    }

    /** The values that a shape with "const" or "enum" allows. While probing, by its parts' own keywords alone. */
    std::vector<json> values(const Shape &shape, bool probing = false);

  private:
    struct Choice {
        const Schema *schema;
        std::string_view keyword;
    };
    struct Way {
        Schemas parts;
        Reach reached_from;
        std::vector<Choice> open;
        size_t settled = 0; // so many parts' conditions are among the parts
        bool impossible = false;
    };

    void add(Way &way, const Schema &schema, const Schema *from);
    bool settle(Way &way);
    void choose(Way way, size_t next, bool probing, std::vector<Schemas> &ways, std::vector<Reach> *reaches);
    Schemas options(const Choice &choice);
    void add_dependents(Way &way, const Schema &schema);
    const Schema &opposite_of_option(const Choice &choice, const Schema &option, const Schema &other);
    std::vector<Schemas> overlaps(const Choice &choice, const Schemas &options, const Schemas &beside);
    bool apart(const Schema &a, const Schema &b, const Schemas &beside);
    bool none_satisfies(const Schemas &schemas, const Schemas &beside, int depth);
    bool impossible(const Schemas &parts, int depth);
    bool impossible_type(const Shape &shape, uint8_t of, int depth);

    Document &document_;
    Languages &languages_;
    Acceptance &acceptance_;
    Children &children_;
    Conditions conditions_;
    std::map<const Schema *, Schemas> dependents_; // each: without the name, or with what it needs
    std::set<const Schema *> known_apart_;         // whose "oneOf" is no more than an "anyOf"
    int probes_ = 0;
    int all_probes_ = 300000; // some microseconds each
    int choices_ = 60000;     // which copy what was chosen so far
};

} // namespace llmodel::json_schema
