#include "llama_rules.h"

#include "compile.h"
#include "json-schema.h"
#include "json/long_numbers.h"
#include "json/parse.h"
#include "json/utf8.h"
#include "llama/texts.h"

#include <functional>
#include <mutex>
#include <string>

namespace llmodel {

namespace {

using AddRule = std::function<std::string(const std::string &, const std::string &)>;

/** `name` is llama.cpp's for the rule, which tells what it is for. */
std::string add_rules(const std::string &name, const std::string &source, const std::string &pointer,
                      const AddRule &add_rule) {
    const bool arguments = name.starts_with(llama_texts::tool_rule) && pointer.empty();
    const auto rules = compile_json_schema(round_marked(parse_json(source.c_str(), "a schema")), {pointer, arguments});
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

void check_tool_schemas(const json &request) {
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
        try {
            compile_json_schema(round_marked(*parameters), {"", true});
        } catch (const Error &error) {
            json detail = error.detail();
            detail["path"] = path + error.detail().value("pointer", "");
            detail["tool"] = function.at("name");
            throw Error(error.status(),
                        "the tool " + quote(function.at("name").get<std::string>()) + ": " + error.what(),
                        std::move(detail));
        }
    }
}

} // namespace llmodel
