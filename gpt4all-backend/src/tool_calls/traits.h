#pragma once

#include "peg-parser.h"

#include <map>
#include <set>
#include <string>

namespace llmodel::tool_calls {

/** What a part of llama.cpp's parser of answers has in it. */
struct Traits {
    std::set<std::string> tools;     // whose calls it reads
    std::set<std::string> arguments; // that it reads one by one, each in tags of its own
    std::set<std::string> literals;  // of the JSON that it reads, by the names of the rules
    bool content = false;            // text for the user
    bool reasoning = false;
    bool raw = false;   // a string without quotes
    bool whole = false; // all arguments as one JSON object
    bool bare = false;  // or as one that is like JSON, with quotes of its own
};

/** Reads the traits of a parser's parts, each once. */
class TraitsOf {
  public:
    explicit TraitsOf(const common_peg_arena &parser) : parser_(parser) {}

    const Traits &operator()(common_peg_parser_id id);

    /** Whether no text gets through the part that has no call in it. */
    bool must_call(common_peg_parser_id id);
    /** Whether what comes next has been looked at, and begins with something other than a space. */
    bool ends_in_peek(common_peg_parser_id id);
    /** Whether the part begins with a space that is written out. */
    bool begins_with_space(common_peg_parser_id id);

  private:
    void read(common_peg_parser_id id, Traits &into);

    const common_peg_arena &parser_;
    std::map<common_peg_parser_id, Traits> known_;
    std::set<common_peg_parser_id> open_;
};

/** The part that a name stands for, or `id` itself. */
common_peg_parser_id resolved(const common_peg_arena &parser, common_peg_parser_id id);
/** The part that is called by a name, or by several in turn. */
common_peg_parser_id unnamed(const common_peg_arena &parser, common_peg_parser_id id);
/** The parts directly within one. */
std::vector<common_peg_parser_id> children_of(const common_peg_arena &parser, common_peg_parser_id id);
/** Whether one part is somewhere within another. */
bool contains(const common_peg_arena &parser, common_peg_parser_id whole, common_peg_parser_id part);
/** The name of the first argument that a part reads. */
std::string first_argument(const common_peg_arena &parser, common_peg_parser_id id);
/** The first text that is written out in a part, which has one. */
std::string first_literal(const common_peg_arena &parser, common_peg_parser_id id);

} // namespace llmodel::tool_calls
