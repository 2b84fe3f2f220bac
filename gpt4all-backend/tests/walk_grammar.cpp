/** Asks grammars of JSON Schemas what they admit. Each line of the input is a JSON object:
 *
 *    {"schema": …, "walks": 60, "seed": 1, "texts": ["…"]}
 *
 *  with "lenient" what no grammar can say is left out, and with "check": ["…"] texts are checked against the schema,
 *  and each line of the output what came of it: {"walked": ["…", null, …], "accepted": [true, …], "bytes": …,
 *  "seconds": …, "faults": [null, {"pointer": …}]}, or {"error": …, "pointer": …, "keyword": …}. A walk goes by
 * llama.cpp's own grammar, character by character and at random; it is null where it found no end. */
#include "grammar_walker.h"
#include "json/parse.h"
#include "json_schema/compile.h"
#include "json_schema/validate.h"

#include <chrono>
#include <iostream>
#include <random>
#include <string>

namespace {

using llmodel::json;

json answer(const json &asked) {
    json said = json::object();
    try {
        const auto begin = std::chrono::steady_clock::now();
        const llmodel::SchemaUse use = {asked.value("pointer", std::string()), asked.value("arguments", false),
                                        asked.value("lenient", false)};
        if (asked.contains("check")) {
            llmodel::SchemaValidator validator(asked.at("schema"), use.arguments);
            said["faults"] = json::array();
            for (const json &text : asked["check"]) {
                said["faults"].push_back(validator.fault(text.get<std::string>()));
            }
        }
        const std::string text = llmodel::gbnf_of(*llmodel::compile_json_schema(asked.at("schema"), use));
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        said["bytes"] = text.size();
        said["seconds"] = seconds.count();
        if (asked.value("show", false)) {
            said["grammar"] = text;
        }
        GrammarWalker grammar(text);
        std::mt19937 random(asked.value("seed", 1U));
        said["walked"] = json::array();
        for (int i = 0; i < asked.value("walks", 0); ++i) {
            const auto walked = grammar.walk(random);
            said["walked"].push_back(walked ? json(*walked) : json());
        }
        said["accepted"] = json::array();
        for (const json &one : asked.value("texts", json::array())) {
            said["accepted"].push_back(grammar.accepts(one.get<std::string>()));
        }
    } catch (const llmodel::Error &error) {
        said = error.detail();
        said["error"] = error.what();
    } catch (const std::exception &error) {
        said["fault"] = error.what();
    }
    return said;
}

} // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << llmodel::dump_json(answer(llmodel::parse_json(line.c_str(), "the line"))) << std::endl;
    }
}
