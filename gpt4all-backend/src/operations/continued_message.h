#pragma once

#include "error.h"
#include "tokens/input_spans.h"

#include <functional>
#include <optional>
#include <string>

namespace llmodel {

/** Settles what continue_final_message and add_generation_prompt of a chat request ask for. A final message with
 * nothing to continue is left out, so that the model begins it. Throws Error(LLMODEL_INVALID_ARGUMENT) if there is no
 * message of the assistant's to continue, or the request contradicts itself. */
void resolve_continuation(json &request);

/** Whether a request that is settled continues its last message. */
bool continues(const json &request);

/** The prompt of a request that continues its last message, as the template renders the whole conversation, up to where
 *  that message's text ends; nothing if the template does not show that text. `render` gives the prompt of a request.
 */
std::optional<std::string> continued_prompt(const json &request,
                                            const std::function<std::string(const json &)> &render);

/** For a template that does not show the text. Adds to `spans` where `prompt` has the message to be continued, which
 * llama.cpp puts behind what the template renders. `render` gives the prompt of a request. Throws
 * Error(LLMODEL_UNSUPPORTED) if the template has no place for what is to be continued. */
void add_continued_message(InputSpans &spans, const json &request, const std::string &prompt,
                           const std::function<std::string(const json &)> &render);

} // namespace llmodel
