#include "chat_templates/rendered_input.h"
#include "chat_templates/template_guard.h"
#include "grammar/gbnf.h"
#include "grammar/grammar.h"
#include "json/parse.h"
#include "json/utf8.h"
#include "json_schema/llama_rules.h"
#include "llama/llama_json.h"
#include "llama/texts.h"
#include "operations/check_request.h"
#include "operations/continued_message.h"
#include "operations/messages.h"
#include "operations/requests.h"
#include "server-common.h"
#include "tokens/special_tokens.h"
#include "tokens/tokens.h"
#include "tool_calls/grammar.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace llmodel {

namespace {

/** Fields that all requests for text share. Those that llama.cpp would clamp, or knows under one name only, are taken
 *  out of `parameters`. */
void take_common_fields(Generation &generation, const json &request) {
    generation.n = request.value("n", 1);
    generation.id_slot = request.value("id_slot", -1);
    generation.stream = request.value("stream", true);
    generation.return_tokens = request.value("return_tokens", false);
    generation.return_progress = request.value("return_progress", false);
    generation.timings_per_token = request.value("timings_per_token", false);
    for (const char *key : {"n", "n_cmpl", "stream", "logprobs", "top_logprobs"}) {
        generation.parameters.erase(key);
    }
    if (generation.top_logprobs >= 0) {
        // llama.cpp gives the chosen token's probability only along with those of others
        generation.parameters["n_probs"] = std::max(1, generation.top_logprobs);
    }
}

/** A tool that is named is the only one that the model is shown, and must be called: llama.cpp knows no other way. */
void resolve_tool_choice(json &request) {
    if (!request.contains("tool_choice") || !request["tool_choice"].is_object()) {
        return;
    }
    const std::string name = request["tool_choice"].at("function").at("name").get<std::string>();
    json chosen = json::array();
    for (const json &tool : request.value("tools", json::array())) {
        if (tool.at("function").at("name") == name) {
            chosen.push_back(tool);
        }
    }
    request["tools"] = std::move(chosen);
    request["tool_choice"] = "required";
}

/** response_format as the schema that it stands for. */
void resolve_response_format(json &request) {
    if (!request.contains("response_format")) {
        return;
    }
    if (const bool strict = is_strict(request); !strict) {
        request["strict"] = strict;
    }
    const json format = request["response_format"];
    request.erase("response_format");
    const std::string type = format.value("type", "text");
    if (type == "json_object") {
        request["json_schema"] = format.value("schema", json{{"type", "object"}});
    } else if (type == "json_schema") {
        request["json_schema"] = format.at("json_schema").value("schema", json{{"type", "object"}});
    }
}

json without_schema(json request) {
    request.erase("json_schema");
    request.erase("response_format");
    request.erase("strict");
    return request;
}

Generation from_prompt(Engine &engine, json request, std::string_view what) {
    check_text_request(engine, request, what);
    resolve_logit_bias(engine.vocab(), request);
    resolve_response_format(request);
    check_grammar(engine.vocab(), request);

    Generation generation;
    generation.check = AnswerCheck::of(request);
    for (const char *key : {"n_probs", "logprobs"}) {
        if (request.contains(key)) {
            generation.top_logprobs = request[key].get<int>();
        }
    }
    if (request.contains("json_schema")) {
        request["grammar"] = grammar_of_schema(engine.vocab(), request["json_schema"], is_strict(request));
        request.erase("json_schema");
    }
    request.erase("strict");
    request.erase("prompt");
    generation.parameters = llama_json::parse(dump_json(request));
    take_common_fields(generation, request);
    return generation;
}

/** Arguments of earlier calls are parsed for templates that show them as objects. */
void check_arguments_of_calls(const json &request) {
    size_t index = 0;
    for (const json &message : request.at("messages")) {
        const std::string path = "/messages/" + std::to_string(index++) + "/tool_calls/";
        size_t call = 0;
        for (const json &made : message.value("tool_calls", json::array())) {
            const json arguments = made.at("function").value("arguments", json());
            const std::string where = path + std::to_string(call++) + "/function/arguments";
            if (arguments.is_string() && !json::accept(arguments.get<std::string>())) {
                throw Error(LLMODEL_INVALID_ARGUMENT,
                            "chat request: the arguments of a call to " + quote(made.at("function").value("name", "")) +
                                " are not JSON: leave out calls that were cut off",
                            {{"path", where}});
            }
        }
    }
}

llama_json apply_chat_template(Engine &engine, const json &request, const CallGrammar &calls) {
    const std::string text = dump_json(request);
    llama_json body = llama_json::parse(text);
    std::vector<raw_buffer> files;
    const TemplateGuard guard(text.size());
    try {
        return oaicompat_chat_params_parse(body, engine.meta().chat_params, files);
    } catch (const Error &) {
        throw;
    } catch (const std::exception &error) {
        calls.rethrow();
        std::string reason = error.what();
        const bool rendering = reason.starts_with(llama_texts::template_failed);
        if (rendering) {
            reason.erase(0, llama_texts::template_failed.text.size());
        }
        if (!rendering && dynamic_cast<const std::invalid_argument *>(&error) != nullptr) {
            throw Error(LLMODEL_INVALID_ARGUMENT, "chat request: " + reason);
        }
        if (llama_texts::media_not_supported.is_in(reason)) {
            throw Error(LLMODEL_UNSUPPORTED, "chat request: this model takes text only: " + reason);
        }
        check_arguments_of_calls(request);
        throw Error(LLMODEL_TEMPLATE_ERROR, "the chat template could not be applied: " + reason);
    }
}

} // namespace

RenderedChat render_chat(Engine &engine, json request) {
    use_our_schema_rules();
    check_grammar(engine.vocab(), request);
    check_tools(request);
    check_template_variables(request, "chat request");
    check_tool_schemas(request);
    resolve_messages(request);
    const CallGrammar calls(request);
    resolve_tool_choice(request);
    if (has_tools(request) && request.value("tool_choice", json("auto")) != "none" &&
        !engine.meta().chat_template_caps.at("supports_tools")) {
        throw Error(LLMODEL_UNSUPPORTED,
                    "chat request: the model's chat template has no place for tools, so it would not see them; use a "
                    "model made for tools, or set a chat_template that has one",
                    {{"path", "/tools"}});
    }
    resolve_continuation(request);
    const bool parse_special = request.value("parse_special", false);
    request.erase("parse_special");
    const LenientSchemas lenient(request);
    request.erase("strict");

    const auto render = [&engine, &calls](const json &other) {
        return apply_chat_template(engine, other, calls).at("prompt").get<std::string>();
    };
    const RenderedInput rendered;
    RenderedChat chat{.parameters = apply_chat_template(engine, request, calls), .prompt = {}, .input = {}};
    chat.knows_calls = calls.made();
    chat.prompt = chat.parameters.at("prompt").get<std::string>();
    chat.parameters.erase("prompt");
    InputSpans input = rendered.spans_of(chat.prompt);
    if (continues(request)) {
        const RenderedInput whole;
        if (auto continued = continued_prompt(request, render)) {
            chat.prompt = std::move(*continued);
            input = whole.spans_of(chat.prompt);
        } else {
            add_continued_message(input, request, chat.prompt, render);
        }
    }
    if (!parse_special) {
        chat.input = std::move(input);
    }
    return chat;
}

Tokens tokenize(const RenderedChat &chat, const llama_vocab *vocab) {
    return tokenize(chat.prompt, vocab, true, chat.input, "the conversation");
}

/** Ends the answer where the model carries on the conversation by itself. Not one of a given form, which has an end
 *  of its own and may have such a text in a string. */
void stop_at_turns(Engine &engine, json &request) {
    if (engine.chat_template() == nullptr || request.contains("grammar") || has_schema(request)) {
        return;
    }
    json stops = request.value("stop", json::array());
    if (stops.is_string()) {
        stops = json::array({stops});
    }
    for (const std::string &stop : engine.chat_template()->stops()) {
        stops.push_back(stop);
    }
    request["stop"] = std::move(stops);
}

Generation prepare_chat(Engine &engine, const json &request) {
    check_text_request(engine, request, "chat request");
    check_tools(request);

    Generation generation;
    generation.chat = true;
    generation.check = AnswerCheck::of(request);
    if (request.value("logprobs", false)) {
        generation.top_logprobs = request.value("top_logprobs", 0);
    }
    const bool constrained = has_schema(request);
    json body = request;
    body.erase("logprobs"); // llama.cpp refuses it beside tools
    body.erase("top_logprobs");
    resolve_logit_bias(engine.vocab(), body);
    stop_at_turns(engine, body);

    RenderedChat rendered = render_chat(engine, constrained ? without_schema(body) : body);
    const bool reasons = rendered.parameters.contains("reasoning_budget_end_tags");
    if (constrained && (reasons || has_tools(request))) {
        // llama.cpp's grammar leaves room for the thinking and the tools
        resolve_response_format(body);
        rendered = render_chat(engine, std::move(body));
    } else if (constrained) {
        resolve_response_format(body);
        rendered.parameters["grammar"] = grammar_of_schema(engine.vocab(), body["json_schema"], is_strict(body));
    }
    const json tool_choice = request.value("tool_choice", json("auto"));
    if (has_tools(request) && tool_choice != "auto" && tool_choice != "none") {
        if (!rendered.knows_calls) {
            throw Error(LLMODEL_UNSUPPORTED,
                        "chat request: how the model's chat template writes calls is not known, so none can be "
                        "required; set \"tool_choice\" to \"auto\", or use a chat_template on the documentation's list",
                        {{"path", "/tool_choice"}});
        }
        rendered.parameters["stop"] = llama_json::array(); // they end text, not calls
    }
    if (has_tools(request) && rendered.parameters.contains("grammar")) {
        check_gbnf(engine.vocab(), rendered.parameters.at("grammar").get<std::string>(),
                   "the grammar made from the tools", GrammarFrom::us);
    }
    check_fits(rendered.prompt, engine.vocab(), static_cast<size_t>(engine.meta().slot_n_ctx), "the conversation");
    generation.prompt = tokenize(rendered, engine.vocab());
    generation.parameters = std::move(rendered.parameters);
    // Text in which nothing is to be found need not be parsed again at each token
    generation.parse = has_tools(request) || reasons;
    take_common_fields(generation, request);
    return generation;
}

Generation prepare_complete(Engine &engine, const json &request) {
    Generation generation = from_prompt(engine, request, "complete request");
    if (const json &prompt = request.at("prompt"); prompt.is_string()) {
        check_fits(prompt.get_ref<const std::string &>(), engine.vocab(), static_cast<size_t>(engine.meta().slot_n_ctx),
                   "prompt");
    }
    generation.prompt = tokens_of(request.at("prompt"), engine.vocab(), true, true, "prompt");
    return generation;
}

Generation prepare_infill(Engine &engine, const json &request) {
    const llama_vocab *vocab = engine.vocab();
    if (llama_vocab_fim_pre(vocab) == LLAMA_TOKEN_NULL || llama_vocab_fim_suf(vocab) == LLAMA_TOKEN_NULL ||
        llama_vocab_fim_mid(vocab) == LLAMA_TOKEN_NULL) {
        throw Error(LLMODEL_UNSUPPORTED,
                    "infill needs a model with tokens for prefix, suffix and middle, which this one does not have");
    }
    Generation generation = from_prompt(engine, request, "infill request");
    generation.type = SERVER_TASK_TYPE_INFILL;
    const common_params &params = engine.params();
    const llama_json body = llama_json::parse(dump_json(request));
    const int n_predict = std::max(
        {request.value("max_tokens", -1), request.value("n_predict", -1), request.value("max_completion_tokens", -1)});
    static const InputSpans all = InputSpans::all();
    const SpecialTokenGuard files_have_none(all);
    generation.prompt = format_prompt_infill(
        vocab, body.at("input_prefix"), body.at("input_suffix"), json_value(body, "input_extra", llama_json::array()),
        params.n_batch, n_predict, engine.meta().slot_n_ctx, params.spm_infill,
        tokens_of(request.value("prompt", json("")), vocab, false, false, "prompt"));
    for (const char *key : {"input_prefix", "input_suffix", "input_extra"}) {
        generation.parameters.erase(key);
    }
    return generation;
}

} // namespace llmodel
