#pragma once

#include "engine/engine.h"
#include "llama/llama_json.h"
#include "operations/generation.h"
#include "tasks/event_sink.h"
#include "tokens/input_spans.h"
#include "tokens/tokens.h"

#include <string>

namespace llmodel {

class Model;

/** From a request that has passed the schema to what the engine runs. Throw Error. */
Generation prepare_chat(Engine &engine, const json &request);
Generation prepare_complete(Engine &engine, const json &request);
Generation prepare_infill(Engine &engine, const json &request);

/** Operations that need no engine's time. Run on a thread of their own. Throw Error. */
void tokenize(const Model &model, const json &request, EventSink &sink);
void detokenize(const Model &model, const json &request, EventSink &sink);
void apply_template(const Model &model, const json &request, EventSink &sink);
void count_tokens(const Model &model, const json &request, EventSink &sink);
void adapters(const Model &model, const json &request, EventSink &sink);

/** Computes a conversation and saves its state. Runs on a thread of its own, which waits for the engine. Throws Error.
 */
void save_chat_state(const Model &model, const json &request, EventSink &sink);

/** A chat request rendered by the model's template. */
struct RenderedChat {
    llama_json parameters; // llama-server's, but for the prompt
    std::string prompt;
    InputSpans input; // what of the prompt the request brought; nothing where it asks for special tokens to be parsed
    bool knows_calls = false; // there is a grammar of the calls that the request's tools allow
};

RenderedChat render_chat(Engine &engine, json request);

/** The prompt's tokens: what the request brought has no control tokens. */
Tokens tokenize(const RenderedChat &chat, const llama_vocab *vocab);

} // namespace llmodel
