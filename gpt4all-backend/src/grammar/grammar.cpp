#include "grammar/grammar.h"

#include "grammar/gbnf.h"
#include "json_schema/compile.h"

#include <string>

namespace llmodel {

namespace {

/** The schema that the request's answer must follow, or null. */
json schema_of(const json &request) {
    if (request.contains("json_schema")) {
        return request["json_schema"];
    }
    const json format = request.value("response_format", json::object());
    if (format.value("type", "") == "json_schema") {
        return format.at("json_schema").value("schema", json::object());
    }
    return format.value("schema", json());
}

} // namespace

void check_grammar(const llama_vocab *vocab, const json &request) {
    const json schema = schema_of(request);
    const std::string grammar = request.value("grammar", std::string());
    if (!grammar.empty()) {
        check_gbnf(vocab, grammar, "the grammar");
    }
    if (!schema.is_null()) {
        grammar_of_schema(vocab, schema);
    }
}

std::string grammar_of_schema(const llama_vocab *vocab, const json &schema) {
    std::string grammar = gbnf_of(*compile_json_schema(schema));
    check_gbnf(vocab, grammar, "the grammar made from the JSON Schema", GrammarFrom::us);
    return grammar;
}

} // namespace llmodel
