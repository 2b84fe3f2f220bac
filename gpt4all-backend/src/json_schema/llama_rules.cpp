#include "llama_rules.h"

#include "compile.h"
#include "grammar/grammar.h"
#include "json-schema.h"
#include "json/long_numbers.h"
#include "json/parse.h"
#include "json/utf8.h"
#include "llama/texts.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace llmodel {

namespace {

/** Schemas that are not strict, while a chat template is applied that may have rules made of them. */
thread_local const json *lenient_schemas = nullptr;

using AddRule = std::function<std::string(const std::string &, const std::string &)>;

/** `name` is llama.cpp's for the rule, which tells what it is for. */
std::string add_rules(const std::string &name, const std::string &source, const std::string &pointer,
                      const AddRule &add_rule) {
    const bool arguments = name.starts_with(llama_texts::tool_rule) && pointer.empty();
    const json schema = round_marked(parse_json(source.c_str(), "a schema"));
    const bool lenient = lenient_schemas != nullptr &&
                         std::find(lenient_schemas->begin(), lenient_schemas->end(), schema) != lenient_schemas->end();
    const auto rules = compile_json_schema(schema, {pointer, arguments, lenient});
    for (const auto &[rule, alternatives] : *rules) {
        if (add_rule(rule, alternatives) != rule) { // there is one of that name, of another schema
            throw Error(LLMODEL_INTERNAL, "two schemas got rules of one name: " + rule);
        }
    }
    return rules->at(0).first;
}

} // namespace

void use_our_schema_rules() {
    static std::once_flag once;
    std::call_once(once, [] { common_schema_rules = add_rules; });
}

LenientSchemas::LenientSchemas(const json &request) : before_(std::exchange(lenient_schemas, &schemas_)) {
    if (const json schema = schema_of(request); !schema.is_null() && !is_strict(request)) {
        schemas_.push_back(schema);
    }
    for_each_tool_schema(request, [&](const std::string &, const json &parameters, bool strict) {
        if (!strict) {
            schemas_.push_back(parameters);
        }
    });
}

LenientSchemas::~LenientSchemas() {
    lenient_schemas = before_;
}

void for_each_tool_schema(const json &request,
                          const std::function<void(const std::string &, const json &, bool strict)> &look_at) {
    if (!request.contains("tools") || request.value("tool_choice", json("auto")) == "none") {
        return;
    }
    size_t index = 0;
    for (const json &tool : request["tools"]) {
        const json &function = tool.at("function");
        const std::string path = "/tools/" + std::to_string(index++) + "/function/parameters";
        const auto parameters = function.find("parameters");
        if (parameters == function.end() || parameters->is_null()) {
            continue;
        }
        const auto name = function.at("name").get<std::string>();
        try {
            look_at(name, round_marked(*parameters), function.value("strict", true));
        } catch (const Error &error) {
            json detail = error.detail();
            detail["path"] = path + error.detail().value("pointer", "");
            detail["tool"] = name;
            throw Error(error.status(), "the tool " + quote(name) + ": " + error.what(), std::move(detail));
        }
    }
}

void check_tool_schemas(const json &request) {
    for_each_tool_schema(request, [](const std::string &, const json &parameters, bool strict) {
        compile_json_schema(parameters, {"", true, !strict});
    });
}

} // namespace llmodel
