#pragma once

#include "error.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace llmodel {

/** What a grammar is to be made from. */
struct SchemaUse {
    std::string pointer;    // to the schema in its document (RFC 6901)
    bool arguments = false; // of a tool: an object, whatever the schema says, which others often wrote
    bool lenient = false;   // without what no grammar can say
};

/** Rules of a grammar: names and what they stand for, in GBNF. The first is where a text begins. */
using GrammarRules = std::vector<std::pair<std::string, std::string>>;

/**
 * A grammar whose every text is valid under a JSON Schema of draft 2020-12 or 7. Its names begin with a part that no
 * other schema's have. The last ones are remembered. Throws Error(LLMODEL_GRAMMAR_ERROR), with "pointer" and "keyword",
 * for a schema that no grammar can honour to the letter. For a lenient use, what cannot be said is left out, keyword by
 * keyword, and a text need not be valid.
 */
std::shared_ptr<const GrammarRules> compile_json_schema(const json &document, const SchemaUse &use = {});

/** The rules as a grammar in GBNF that begins with "root". */
std::string gbnf_of(const GrammarRules &rules);

} // namespace llmodel
