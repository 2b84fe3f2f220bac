#include "grammar/grammar.h"

#include "grammar/gbnf.h"
#include "json_schema/compile.h"

#include <string>

namespace llmodel {

json schema_of(const json &request) {
    if (request.contains("json_schema")) {
        return request["json_schema"];
    }
    const json format = request.value("response_format", json::object());
    const std::string type = format.value("type", "text");
    return type == "json_schema"   ? format.at("json_schema").at("schema")
           : type == "json_object" ? format.value("schema", json{{"type", "object"}})
                                   : json();
}

bool is_strict(const json &request) {
    const json format = request.value("response_format", json::object());
    return request.value("strict", true) && format.value("json_schema", json::object()).value("strict", true);
}

void check_grammar(const llama_vocab *vocab, const json &request) {
    const json schema = schema_of(request);
    const std::string grammar = request.value("grammar", std::string());
    if (!grammar.empty()) {
        check_gbnf(vocab, grammar, "the grammar");
    }
    if (!schema.is_null()) {
        grammar_of_schema(vocab, schema, is_strict(request));
    }
}

std::string grammar_of_schema(const llama_vocab *vocab, const json &schema, bool strict) {
    std::string grammar = gbnf_of(*compile_json_schema(schema, {"", false, !strict}));
    check_gbnf(vocab, grammar, "the grammar made from the JSON Schema", GrammarFrom::us);
    return grammar;
}

} // namespace llmodel
