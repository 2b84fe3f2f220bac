#include "operations/messages.h"

#include "json/long_numbers.h"

namespace llmodel {

void resolve_messages(json &request) {
    json none = json::array();
    for (json &message : request["messages"]) {
        const json refusal = message.value("refusal", json());
        if (refusal.is_string() && message.value("content", json()).is_null()) {
            message["content"] = refusal; // what the model said in place of an answer
        }
        if (message.contains("reasoning_content") && message["reasoning_content"].is_null()) {
            message.erase("reasoning_content");
        }
        for (const char *key : {"refusal", "annotations", "audio", "function_call"}) {
            message.erase(key);
        }
        for (json &call : message.value("tool_calls", json()).is_array() ? message["tool_calls"] : none) {
            json &function = call["function"];
            if (function.contains("arguments") && !function["arguments"].is_string()) {
                function["arguments"] = dump_unmarked(function["arguments"]);
            }
        }
    }
}

} // namespace llmodel
