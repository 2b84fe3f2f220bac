#pragma once

#include "engine/engine.h"

#include <string_view>

namespace llmodel {

/** Refuses what the schema cannot: fields of a request for text that exclude each other, that would have no effect, or
 * that name what the model does not have. `what` names the request in messages, such as "chat request". Throws Error.
 */
void check_text_request(Engine &engine, const json &request, std::string_view what);

/** As above, of adapters alone: `loaded` of them. */
void check_adapters(const json &request, size_t loaded);

/** As above, of "chat_template_kwargs" of a request or of the options a model is opened with. */
void check_template_variables(const json &holder, std::string_view what);

/** As above, of the tools of a conversation, and of what is to be done with them. */
void check_tools(const json &request);

bool has_tools(const json &request);

/** Whether the answer is to follow a JSON Schema. */
bool has_schema(const json &request);

/** logit_bias with every token by its id. Throws Error for tokens that the vocabulary does not have. */
void resolve_logit_bias(const llama_vocab *vocab, json &request);

} // namespace llmodel
