#include "grammar.h"

#include "json-schema-to-grammar.h"
#include "json/parse.h"
#include "logging.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace llmodel {

namespace {

// Beyond these llama.cpp's recursive parser and its sets of stacks grow without bound.
constexpr size_t max_grammar_bytes = size_t{1} << 20;
constexpr int max_nesting = 200;

// llama.cpp's conversion takes time with the square of these.
constexpr size_t max_schema_values = 4000;
constexpr size_t max_members = 200;
constexpr size_t max_enum = 500;

void check_schema_size(const json &schema) {
    const auto refuse = [](const char *what, size_t count, size_t limit) {
        throw Error(LLMODEL_GRAMMAR_ERROR,
                    std::string("the JSON Schema has ") + what + " of " + std::to_string(count) +
                        "; a grammar is made for at most " + std::to_string(limit),
                    {{"count", count}, {"limit", limit}});
    };
    size_t values = 0;
    const std::function<void(const json &)> visit = [&](const json &value) {
        if (++values > max_schema_values) {
            refuse("a size", values, max_schema_values);
        }
        for (const auto &[key, item] : value.items()) {
            if (key == "properties" && item.size() > max_members) {
                refuse("an object with a number of properties", item.size(), max_members);
            }
            if (key == "enum" && item.size() > max_enum) {
                refuse("an enum with a number of values", item.size(), max_enum);
            }
            if (item.is_structured()) {
                visit(item);
            } else {
                ++values;
            }
        }
    };
    visit(schema);
}

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
    check_schema_size(schema);
    std::string grammar;
    try {
        grammar = json_schema_to_grammar(common_json::parse(dump_json(schema)));
    } catch (const std::exception &error) {
        throw Error(LLMODEL_GRAMMAR_ERROR,
                    std::string("the JSON Schema cannot be turned into a grammar: ") + error.what());
    }
    check_parses(vocab, grammar, "the grammar made from the JSON Schema");
    return grammar;
}

} // namespace llmodel
