#include "operations/check_request.h"

#include "json/parse.h"
#include "json/utf8.h"
#include "operations/continued_message.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>

namespace llmodel {

namespace {

[[noreturn]] void refuse(std::string_view what, const std::string &path, const std::string &why) {
    throw Error(LLMODEL_INVALID_ARGUMENT, std::string(what) + ": " + why, {{"path", path}});
}

/** Of several names of one thing only one may be given, since the others would be dropped. */
void check_one_of(const json &request, std::string_view what, std::initializer_list<const char *> names) {
    const char *given = nullptr;
    for (const char *name : names) {
        if (!request.contains(name)) {
            continue;
        }
        if (given != nullptr) {
            refuse(what, std::string("/") + name,
                   std::string("\"") + name + "\" and \"" + given + "\" mean the same; give only one of them");
        }
        given = name;
    }
}

/** A grammar and a schema, or two schemas, cannot both be followed. */
void check_one_form(const json &request, std::string_view what) {
    const char *given = request.contains("grammar") ? "grammar" : nullptr;
    for (const char *name : {"json_schema", "response_format"}) {
        const bool free = std::string_view(name) == "response_format" &&
                          request.value("response_format", json::object()).value("type", "text") == "text";
        if (!request.contains(name) || free) {
            continue;
        }
        if (given != nullptr) {
            refuse(what, std::string("/") + name,
                   std::string("\"") + given + "\" and \"" + name +
                       "\" both determine the form of the answer; give only one of them");
        }
        given = name;
    }
}

void check_needs(const json &request, std::string_view what, const char *option, const char *needed, bool given) {
    if (request.contains(option) && !given) {
        refuse(what, std::string("/") + option, std::string("\"") + option + "\" needs " + needed);
    }
}

/** Says twice whether a schema counts to the letter, or without a schema. */
void check_strict(const json &request, std::string_view what) {
    const json named = request.value("response_format", json::object()).value("json_schema", json::object());
    check_needs(request, what, "strict", "a \"response_format\" or \"json_schema\"", has_schema(request));
    if (request.contains("strict") && named.contains("strict") && request["strict"] != named["strict"]) {
        refuse(what, "/strict",
               "\"strict\" and that in \"response_format\" say the opposite of each other; give only one of them");
    }
}

void check_slot(Engine &engine, const json &request) {
    const int slots = engine.params().n_parallel;
    if (request.value("id_slot", -1) >= slots) {
        throw Error(LLMODEL_NOT_FOUND,
                    "\"id_slot\" is " + request["id_slot"].dump() + ", but the model has " + std::to_string(slots) +
                        " slots: open it with a larger n_parallel",
                    {{"path", "/id_slot"}});
    }
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/** JSON Pointer's way to write a key. */
std::string pointer_token(std::string_view key) {
    std::string token;
    for (const char c : key) {
        token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return token;
}

} // namespace

bool has_tools(const json &request) {
    return request.contains("tools") && !request["tools"].empty();
}

bool has_schema(const json &request) {
    const json format = request.value("response_format", json::object());
    return request.contains("json_schema") || format.value("type", "text") != "text";
}

void check_adapters(const json &request, size_t loaded) {
    std::set<size_t> named;
    size_t index = 0;
    for (const json &adapter : request.value("lora", json::array())) {
        const auto id = adapter.at("id").get<size_t>();
        const std::string path = "/lora/" + std::to_string(index++) + "/id";
        if (id >= loaded) {
            throw Error(LLMODEL_NOT_FOUND,
                        "there is no LoRA adapter " + std::to_string(id) + ": the model was opened with " +
                            std::to_string(loaded),
                        {{"path", "/lora"}, {"id", id}, {"loaded", loaded}});
        }
        if (!named.insert(id).second) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "\"lora\" has adapter " + std::to_string(id) + " twice: give it only one scale",
                        {{"path", path}, {"id", id}});
        }
    }
}

void check_template_variables(const json &holder, std::string_view what) {
    for (const char *name : {"messages", "tools", "add_generation_prompt"}) {
        if (holder.value("chat_template_kwargs", json::object()).contains(name)) {
            refuse(what, std::string("/chat_template_kwargs/") + name,
                   std::string("\"chat_template_kwargs\" has \"") + name +
                       "\", which the template gets from the request itself");
        }
    }
}

void check_tools(const json &request) {
    constexpr std::string_view what = "chat request";
    std::set<std::string> names;
    size_t index = 0;
    for (const json &tool : request.value("tools", json::array())) {
        const auto name = tool.at("function").at("name").get<std::string>();
        if (!names.insert(name).second) {
            refuse(what, "/tools/" + std::to_string(index) + "/function/name",
                   "two of \"tools\" have the name " + quote(name));
        }
        ++index;
    }
    const json choice = request.value("tool_choice", json("auto"));
    if (names.empty()) {
        if (choice != "auto" && choice != "none") {
            refuse(what, "/tool_choice", "\"tool_choice\" asks for a call, but there are no \"tools\"");
        }
        check_needs(request, what, "parallel_tool_calls", "\"tools\"", false);
        return;
    }
    if (choice.is_object()) {
        const auto name = choice.at("function").at("name").get<std::string>();
        if (!names.contains(name)) {
            refuse(what, "/tool_choice/function/name",
                   "\"tool_choice\" names " + quote(name) + ", which is not one of \"tools\"");
        }
    }
    const bool calls = choice != "none" && choice != "auto";
    if (continues(request) && (calls || has_schema(request))) {
        refuse(what, "/continue_final_message",
               std::string("\"continue_final_message\" continues text, but the answer must be ") +
                   (calls ? "a call" : "of a given form or a call of one of \"tools\""));
    }
    if (!calls) {
        return;
    }
    for (const char *form : {"response_format", "json_schema", "grammar"}) {
        if (request.contains(form) && (form != std::string_view("response_format") || has_schema(request))) {
            refuse(what, std::string("/") + form,
                   std::string("\"tool_choice\" asks for a call, but \"") + form +
                       "\" asks for text of a given form; give only one of them");
        }
    }
}

void check_text_request(Engine &engine, const json &request, std::string_view what) {
    check_adapters(request, engine.params().lora_adapters.size());
    check_slot(engine, request);
    check_one_form(request, what);
    check_strict(request, what);
    check_one_of(request, what, {"max_tokens", "max_completion_tokens", "n_predict"});
    check_one_of(request, what, {"reasoning_budget_tokens", "thinking_budget_tokens"});
    check_needs(request, what, "top_logprobs", "\"logprobs\": true", request.value("logprobs", json(false)) == true);
    if (!request.contains("messages")) {
        check_one_of(request, what, {"logprobs", "n_probs"});
    }
    const json told = request.value("logprobs", json(false));
    if (request.value("post_sampling_probs", false)) {
        check_needs(request, what, "post_sampling_probs", "\"logprobs\"", told != false || request.contains("n_probs"));
    }
    if (request.value("adaptive_target", -1.0) >= 0) {
        const json samplers = request.value("samplers", json::array());
        check_needs(request, what, "adaptive_target", "\"adaptive_p\" among \"samplers\"",
                    std::ranges::find(samplers, json("adaptive_p")) != samplers.end());
    }
}

void resolve_logit_bias(const llama_vocab *vocab, json &request) {
    if (!request.contains("logit_bias")) {
        return;
    }
    json resolved = json::array();
    const auto add_id = [&](std::optional<llama_token> id, const std::string &shown, const std::string &path,
                            const json &bias) {
        const llama_token count = llama_vocab_n_tokens(vocab);
        if (!id || *id >= count) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "\"logit_bias\" names token " + shown + "; the model's go from 0 to " +
                            std::to_string(count - 1),
                        {{"path", path}});
        }
        resolved.push_back({*id, bias});
    };
    const auto add_text = [&](const std::string &text, const std::string &path, const json &bias) {
        const std::vector<llama_token> tokens = common_tokenize(vocab, text, false);
        if (tokens.empty()) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "\"logit_bias\" names the text " + quote(text) + ", which is not a token of the model",
                        {{"path", path}});
        }
        for (const llama_token token : tokens) {
            resolved.push_back({token, bias});
        }
    };
    const json &given = request["logit_bias"];
    size_t index = 0;
    for (const auto &[key, value] : given.items()) {
        if (given.is_object()) {
            const std::string path = "/logit_bias/" + pointer_token(key);
            if (is_number(key)) {
                llama_token id = 0;
                const auto read = std::from_chars(key.data(), key.data() + key.size(), id);
                add_id(read.ec == std::errc() ? std::optional(id) : std::nullopt, key, path, value);
            } else {
                add_text(key, path, value);
            }
            continue;
        }
        const std::string path = "/logit_bias/" + std::to_string(index++) + "/0";
        if (value[0].is_string()) {
            add_text(value[0].get<std::string>(), path, value[1]);
        } else {
            add_id(value[0].get<llama_token>(), value[0].dump(), path, value[1]);
        }
    }
    request["logit_bias"] = std::move(resolved);
}

} // namespace llmodel
