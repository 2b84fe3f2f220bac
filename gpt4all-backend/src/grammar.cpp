#include "grammar.h"

#include "json_schema/compile.h"
#include "logging.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace llmodel {

namespace {

// Beyond these llama.cpp's recursive parser and its sets of stacks grow without bound.
constexpr size_t max_grammar_bytes = size_t{1} << 20;
constexpr int max_nesting = 200;

void check_size(std::string_view grammar) {
    if (grammar.size() > max_grammar_bytes) {
        throw Error(LLMODEL_GRAMMAR_ERROR,
                    "the grammar has " + std::to_string(grammar.size()) + " bytes; the limit is " +
                        std::to_string(max_grammar_bytes),
                    {{"size", grammar.size()}, {"limit", max_grammar_bytes}});
    }
    int depth = 0;
    int deepest = 0;
    for (const char c : grammar) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        deepest = std::max(deepest, depth);
    }
    if (deepest > max_nesting) {
        throw Error(LLMODEL_GRAMMAR_ERROR, "the grammar's groups are nested too deeply; the limit is " +
                                               std::to_string(max_nesting) + " levels");
    }
}

void check_parses(const llama_vocab *vocab, const std::string &grammar, const std::string &what) {
    check_size(grammar);
    const LogCapture said(LLMODEL_LOG_ERROR);
    std::string thrown;
    try {
        const std::unique_ptr<llama_sampler, decltype(&llama_sampler_free)> sampler(
            llama_sampler_init_grammar(vocab, grammar.c_str(), "root"), llama_sampler_free);
        if (sampler != nullptr) {
            return;
        }
    } catch (const Error &) {
        throw;
    } catch (const std::exception &error) {
        thrown = error.what();
    }
    const std::string reason = !thrown.empty()        ? thrown
                               : !said.text().empty() ? said.text()
                                                      : "it has no rule \"root\"";
    throw Error(LLMODEL_GRAMMAR_ERROR, what + " cannot be used: " + reason, {{"reason", reason}});
}

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
    if (!schema.is_null() && !grammar.empty()) {
        throw Error(LLMODEL_INVALID_ARGUMENT, "a request takes a grammar or a JSON Schema, not both",
                    {{"path", "/grammar"}});
    }
    if (!grammar.empty()) {
        check_parses(vocab, grammar, "the grammar");
    }
    if (!schema.is_null()) {
        grammar_of_schema(vocab, schema);
    }
}

std::string grammar_of_schema(const llama_vocab *vocab, const json &schema) {
    const std::string grammar = compile_json_schema(schema);
    check_parses(vocab, grammar, "the grammar made from the JSON Schema");
    return grammar;
}

} // namespace llmodel
