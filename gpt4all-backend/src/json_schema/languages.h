#pragma once

#include "automaton.h"
#include "shape.h"

#include <map>
#include <string>

namespace llmodel::json_schema {

/** The texts and numbers that schemas mean, as automata, each made once. All refuse what is too large or no pattern. */
class Languages {
  public:
    /** Of a pattern that `keyword` of the schema has. */
    const Automaton &pattern(const Schema &schema, std::string_view keyword, const std::string &pattern);
    /** Of texts, by their patterns, formats and lengths. */
    Automaton strings(const Shape &shape);
    Automaton numbers(const Shape &shape);

    /** Whether nothing but its length limits a text. */
    static bool only_length(const Shape &shape);

  private:
    Automaton excluded(const Schema &schema);

    std::map<std::string, Automaton> patterns_;
    std::map<std::string, Automaton> numbers_;
};

} // namespace llmodel::json_schema
