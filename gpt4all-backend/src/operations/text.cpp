#include "contexts/contexts.h"
#include "engine/model.h"
#include "json/parse.h"
#include "llama/abort_guard.h"
#include "operations/check_request.h"
#include "operations/requests.h"
#include "server-common.h"
#include "tokens/tokens.h"
#include "tokens/utf8_stream.h"

#include <utility>

namespace llmodel {

namespace {

/** A piece as a string, or as bytes where it is not whole UTF-8. */
json piece_json(const std::string &piece) {
    if (is_valid_utf8(piece)) {
        return piece;
    }
    json bytes = json::array();
    for (const char byte : piece) {
        bytes.push_back(static_cast<unsigned char>(byte));
    }
    return bytes;
}

} // namespace

void tokenize(const Model &model, const json &request, EventSink &sink) {
    const AbortGuard guard;
    const auto tokens = tokens_of(request.at("content"), model.vocab(), request.value("add_special", false),
                                  request.value("parse_special", true), "content");
    json listed = json::array();
    for (const llama_token token : tokens) {
        if (request.value("with_pieces", false)) {
            listed.push_back({{"id", token}, {"piece", piece_json(common_token_to_piece(model.vocab(), token, true))}});
        } else {
            listed.push_back(token);
        }
    }
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, {{"tokens", std::move(listed)}});
}

void detokenize(const Model &model, const json &request, EventSink &sink) {
    const AbortGuard guard;
    const auto tokens = tokens_of(request.at("tokens"), model.vocab(), false, true, "tokens");
    Utf8Stream stream;
    std::string text = stream.push(common_detokenize(model.vocab(), tokens, request.value("special", true)));
    text += stream.finish();
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, {{"content", std::move(text)}});
}

void apply_template(const Model &model, const json &request, EventSink &sink) {
    const AbortGuard guard;
    const RenderedChat rendered = render_chat(model.generator("apply_template"), request);
    json result = {{"prompt", rendered.prompt}};
    if (request.value("return_tokens", false)) {
        result["tokens"] = tokenize(rendered, model.vocab());
    }
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, std::move(result));
}

void count_tokens(const Model &model, const json &request, EventSink &sink) {
    const AbortGuard guard;
    size_t count = 0;
    if (request.contains("messages")) {
        const RenderedChat rendered = render_chat(model.generator("count_tokens of messages"), request);
        count = tokenize(rendered, model.vocab()).size();
    } else {
        count = tokens_of(request.at("prompt"), model.vocab(), request.value("add_special", true),
                          request.value("parse_special", true), "prompt")
                    .size();
    }
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, {{"input_tokens", count}});
}

void adapters(const Model &model, const json &request, EventSink &sink) {
    Engine &engine = model.generator("adapters");
    if (request.contains("lora")) {
        server_task task(SERVER_TASK_TYPE_SET_LORA);
        check_adapters(request, engine.params().lora_adapters.size());
        for (const json &adapter : request["lora"]) {
            const int id = adapter.at("id").get<int>();
            task.set_lora[id] = adapter.at("scale").get<float>();
        }
        std::vector<float> scales(engine.params().lora_adapters.size());
        for (const auto &[id, scale] : task.set_lora) {
            scales[static_cast<size_t>(id)] = scale;
        }
        model.contexts().scale_adapters(std::move(scales));
        engine.adapters_vary();
        engine.perform(std::move(task));
    }
    const auto result = engine.perform(server_task(SERVER_TASK_TYPE_GET_LORA));
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, {{"adapters", json::parse(result->to_json().dump())}});
}

} // namespace llmodel
