#include "operations/messages.h"

namespace llmodel {

void resolve_messages(json &request) {
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
    }
}

} // namespace llmodel
