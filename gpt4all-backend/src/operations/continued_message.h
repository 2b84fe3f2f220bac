#pragma once

#include "error.h"
#include "tokens/input_spans.h"

#include <functional>
#include <string>

namespace llmodel {

/** Settles what continue_final_message and add_generation_prompt of a chat request ask for. A final message with
 * nothing to go on with is left out, so that the model begins it. Throws Error(LLMODEL_INVALID_ARGUMENT) where there is
 * no message of the assistant's to go on with, or the request contradicts itself. */
void resolve_continuation(json &request);

/** Whether a request that is settled has its last message gone on with. */
bool continues(const json &request);

/** Adds to `spans` where `prompt` has the message that is gone on with, which llama.cpp puts behind what the template
 *  renders. `render` gives the prompt of a request. Throws Error(LLMODEL_UNSUPPORTED) if the template has no place for
 *  what is to be gone on with. */
void add_continued_message(InputSpans &spans, const json &request, const std::string &prompt,
                           const std::function<std::string(const json &)> &render);

} // namespace llmodel
