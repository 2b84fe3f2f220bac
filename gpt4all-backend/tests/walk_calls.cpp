/** Asks a chat template's grammars what they admit, and the parser of its answers what it makes of that. Each line of
 *  the input is a JSON object:
 *
 *    {"model": "FILE", "template": "…", "requests": [{"request": {"messages": …, "tools": …}, "walks": 5, "seed": 1}]}
 *
 *  and for each of the requests there is a line of output: {"lazy": …, "bytes": …, "walked": [{"text": …, "message": …
 *  or "error": …, "partly": …, "unnoticed": true}, null, …]}, or {"error": …, "status": …, …} if it is refused. A walk
 *  goes by llama.cpp's own grammar, character by character and at random, from where the prompt ends; it is null where
 * it found no end, and unnoticed where nothing at its beginning would set the grammar off. */
#include "backends/backend.h"
#include "chat.h"
#include "engine/engine.h"
#include "gguf/gguf_file.h"
#include "grammar_walker.h"
#include "json/parse.h"
#include "operations/requests.h"
#include "options/open_options.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <regex>
#include <string>
#include <vector>

namespace {

using llmodel::json;

common_chat_parser_params parser_of(const llmodel::Engine &engine, const llmodel::llama_json &parameters) {
    common_chat_parser_params made;
    made.format = static_cast<common_chat_format>(parameters.at("chat_format").get<int>());
    made.generation_prompt = parameters.at("generation_prompt").get<std::string>();
    made.reasoning_format = engine.params().reasoning_format;
    made.parse_tool_calls = true;
    if (parameters.contains("chat_parser")) {
        made.parser.load(parameters.at("chat_parser").get<std::string>());
    }
    return made;
}

/** What the parser makes of an answer, and whether it takes a beginning of it. */
json parsed(const std::string &text, const common_chat_parser_params &parser, std::mt19937 &random) {
    json said = {{"text", text}};
    try {
        const common_chat_msg message = common_chat_parse(text, false, parser);
        json calls = json::array();
        for (const common_chat_tool_call &call : message.tool_calls) {
            calls.push_back({{"name", call.name}, {"arguments", call.arguments}, {"id", call.id}});
        }
        said["message"] = {{"content", message.content}, {"reasoning", message.reasoning_content}, {"calls", calls}};
    } catch (const std::exception &error) {
        said["error"] = error.what();
        return said;
    }
    size_t cut = random() % (text.size() + 1);
    while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
        ++cut;
    }
    try {
        common_chat_parse(text.substr(0, cut), true, parser);
    } catch (const std::exception &error) {
        said["partly"] = error.what();
    }
    return said;
}

/** Whether a text, at its beginning or behind spaces, sets off a grammar that waits for a call: a model is free until
 *  then. */
bool sets_off(const std::string &text, const llmodel::llama_json &triggers) {
    const size_t begin = std::min(text.find_first_not_of(" \n\t"), text.size());
    for (const llmodel::llama_json &trigger : triggers) {
        const auto value = trigger.at("value").get<std::string>();
        const auto type = static_cast<common_grammar_trigger_type>(trigger.at("type").get<int>());
        if (type != COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN) {
            if (text.compare(begin, value.size(), value) == 0) {
                return true;
            }
            continue;
        }
        const llama_grammar_trigger_pattern pattern = {value, std::regex(value)};
        size_t at = std::string::npos;
        for (size_t length = 1; length <= text.size() && at == std::string::npos; ++length) {
            at = pattern.find(text.substr(0, length)); // as the text grows
        }
        if (at <= begin) {
            return true;
        }
    }
    return false;
}

/** What a model writes before a call that it chooses to make, where the prompt has it think. */
std::string end_of_thinking(const llmodel::llama_json &parameters) {
    if (!parameters.contains("reasoning_budget_end_tags")) {
        return "";
    }
    const auto prompt = parameters.at("generation_prompt").get<std::string>();
    const auto start = parameters.at("reasoning_budget_start_tag").get<std::string>();
    const auto ends = parameters.at("reasoning_budget_end_tags").get<std::vector<std::string>>();
    const size_t begun = start.empty() ? std::string::npos : prompt.rfind(start);
    const bool thinks = begun != std::string::npos && std::none_of(ends.begin(), ends.end(), [&](const auto &end) {
                            return prompt.find(end, begun) != std::string::npos;
                        });
    return thinks ? ends.at(0) : "";
}

json answer(llmodel::Engine &engine, const json &asked) {
    json said = json::object();
    try {
        const llmodel::Generation made = llmodel::prepare_chat(engine, asked.at("request"));
        const llmodel::llama_json &parameters = made.parameters;
        said["lazy"] = parameters.at("grammar_lazy").get<bool>();
        said["walked"] = json::array();
        if (!parameters.contains("grammar")) {
            return said;
        }
        const auto text = parameters.at("grammar").get<std::string>();
        said["bytes"] = text.size();
        if (asked.value("show", false)) {
            said["grammar"] = text;
            said["generation_prompt"] = parameters.at("generation_prompt").get<std::string>();
        }
        const common_chat_parser_params parser = parser_of(engine, parameters);
        const std::string before = said["lazy"].get<bool>() ? end_of_thinking(parameters) : "";
        GrammarWalker grammar(text, said["lazy"] ? "" : parser.generation_prompt);
        std::mt19937 random(asked.value("seed", 1U));
        for (int i = 0; i < asked.value("walks", 0); ++i) {
            const auto walked = grammar.walk(random);
            said["walked"].push_back(walked ? parsed(before + *walked, parser, random) : json());
            if (walked && said["lazy"].get<bool>() && !sets_off(*walked, parameters.at("grammar_triggers"))) {
                said["walked"].back()["unnoticed"] = true;
            }
        }
    } catch (const llmodel::Error &error) {
        said = error.detail();
        said["error"] = error.what();
        said["status"] = static_cast<int>(error.status());
    } catch (const std::exception &error) {
        said["error"] = error.what();
        said["status"] = static_cast<int>(LLMODEL_INTERNAL);
    }
    return said;
}

void answer_all(const json &asked) {
    std::unique_ptr<llmodel::Engine> engine;
    json unopened;
    try {
        const llmodel::GgufFile file = llmodel::read_gguf(asked.at("model").get<std::string>());
        json options = {{"n_ctx", 16384}, {"n_parallel", 1}, {"chat_template", asked.at("template")}};
        engine = std::make_unique<llmodel::Engine>(llmodel::parse_open_options(file, options), nullptr);
    } catch (const llmodel::Error &error) {
        unopened = {{"error", error.what()}, {"status", static_cast<int>(error.status())}};
    }
    for (const json &request : asked.at("requests")) {
        std::cout << llmodel::dump_json(engine ? answer(*engine, request) : unopened) << std::endl;
    }
}

} // namespace

int main() {
    llmodel::ensure_backend();
    for (std::string line; std::getline(std::cin, line);) {
        answer_all(llmodel::parse_json(line.c_str(), "the line"));
    }
}
