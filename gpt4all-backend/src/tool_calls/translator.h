#pragma once

#include "json-schema-to-grammar.h"
#include "peg-parser.h"
#include "tool_calls/tool.h"
#include "tool_calls/traits.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace llmodel::tool_calls {

/** How calls are asked for. */
struct Wanted {
    bool parallel = false;     // several of them
    bool keep_content = false; // text beside them, since thinking counts as text
};

/**
 * Makes a grammar of llama.cpp's parser of answers with calls: each of its texts has a call, and the parser takes it.
 * What the parser looks ahead at, and what it takes first of several ways to read a text, is minded; and where it
 * leaves open what an argument is, the argument's schema is what counts.
 */
class Translator {
  public:
    Translator(const common_peg_arena &parser, const common_grammar_builder &builder, std::map<std::string, Tool> tools,
               Wanted wanted)
        : parser_(parser), builder_(builder), tools_(std::move(tools)), wanted_(wanted), traits_(parser) {}

    /** Whether the parser reads calls at all. */
    bool reads_calls() { return !traits_(parser_.root()).tools.empty(); }
    /** The grammar of answers from where the parser begins; or, if it waits for a trigger, of what then follows. */
    void write_root();
    void write_triggered(const std::vector<common_peg_parser_id> &rules);

  private:
    /** Where in the parser something stands. */
    struct Place {
        const Tool *tool = nullptr;
        std::string object;        // whose members these are, by the pointer to its schema; all arguments at first
        std::string value;         // or the value that this is
        std::string items;         // or the array
        std::string only;          // of several members
        bool must = false;         // there is a call in it
        bool opening = false;      // before a tool's arguments
        bool typed = false;        // read as JSON if it can be, and otherwise as a string
        std::set<std::string> as;  // what it then may be read as
        std::string not_beginning; // with what a raw string does not begin
    };

    std::string write(common_peg_parser_id id, Place place);
    std::string sequence(const std::vector<common_peg_parser_id> &children, const Place &place);
    std::string choice(const std::vector<common_peg_parser_id> &children, const Place &place);
    std::string repetition(const common_peg_repetition_parser &repeated, const Place &place);
    std::string tagged(const common_peg_tag_parser &tag, const Place &place);
    std::string rule(common_peg_parser_id id, const common_peg_rule_parser &rule, const Place &place);
    std::string arguments_in_order(common_peg_parser_id id, const Place &place);
    std::string list_of_arguments(common_peg_parser_id first, common_peg_parser_id more, const Place &place);
    std::string text_until(const std::vector<std::string> &ends, const Place &place);
    std::string json_argument(const Place &place);
    std::string raw_argument(const std::vector<std::string> &ends, const Place &place);
    std::string add(const GrammarRules &rules);
    void finish(const std::string &root);
    void enter(const Tool &tool, const Traits &traits);

    const common_peg_arena &parser_;
    const common_grammar_builder &builder_;
    std::map<std::string, Tool> tools_;
    Wanted wanted_;
    TraitsOf traits_;
    std::set<std::string> entered_;
    std::set<std::string> written_;
    std::map<std::string, std::string> rules_;
};

} // namespace llmodel::tool_calls
