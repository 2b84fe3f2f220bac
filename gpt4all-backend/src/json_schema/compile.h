#pragma once

#include "error.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llmodel {

/** A string that is written without quotes and escapes, up to what ends it. */
struct RawText {
    std::vector<std::string> ends;     // it has none of these, and the first to occur behind it is the one that does
    std::vector<std::string> excluded; // patterns of texts that would be read as something else
};

/** What a grammar is to be made from. */
struct SchemaUse {
    std::string pointer;                 // to the schema in its document (RFC 6901)
    bool arguments = false;              // of a tool, which others often wrote; all of them are an object
    bool lenient = false;                // without what no grammar can say
    std::vector<std::string> types = {}; // the value is of one of these, whatever the schema says; empty: of any
    std::optional<RawText> raw = {};     // the value is a string, and written so
    std::string quote = {};              // in the place of JSON's, as bare text; names of members have none at all
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
