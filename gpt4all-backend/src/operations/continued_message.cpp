#include "operations/continued_message.h"

#include "json/parse.h"

#include <utility>

namespace llmodel {

namespace {

[[noreturn]] void refuse(const std::string &why, const char *path = "/continue_final_message") {
    throw Error(LLMODEL_INVALID_ARGUMENT, "chat request: " + why, {{"path", path}});
}

bool has_text(const json &message, const char *key) {
    if (!message.contains(key)) {
        return false;
    }
    const json &text = message[key];
    if (!text.is_array()) {
        return text.is_string() && !text.get_ref<const std::string &>().empty();
    }
    for (const json &part : text) {
        if (has_text(part, "text")) {
            return true;
        }
    }
    return false;
}

/** What stands in for a text to show where the template puts it: nothing else in the request is like it. */
std::string placeholder(const json &request, const std::string &name) {
    const std::string all = dump_json(request);
    std::string text = "[" + name + "]";
    while (all.find(text) != std::string::npos) {
        text.insert(1, name);
    }
    return text;
}

} // namespace

bool continues(const json &request) {
    return request.contains("continue_final_message") && request["continue_final_message"] != false;
}

void resolve_continuation(json &request) {
    if (!continues(request)) {
        return;
    }
    if (request.value("add_generation_prompt", false)) {
        refuse("\"add_generation_prompt\" begins a new message and \"continue_final_message\" continues the last one; "
               "give only one of them",
               "/add_generation_prompt");
    }
    json &messages = request["messages"];
    const json &last = messages.back();
    if (last["role"] != "assistant") {
        refuse("\"continue_final_message\" continues a message of the assistant's, but the last one has the role " +
               last["role"].dump() + "; leave it out, or add the beginning of the assistant's message");
    }
    if (!last.value("tool_calls", json::array()).empty()) {
        refuse("\"continue_final_message\" cannot continue a message that has tool calls; add the tools' answers");
    }
    const bool has_content = has_text(last, "content");
    if (has_content && request["continue_final_message"] == "reasoning_content") {
        refuse(
            "\"continue_final_message\" asks to continue the reasoning, but the last message has content, which comes "
            "after it; leave the content out");
    }
    if (has_content || has_text(last, "reasoning_content")) {
        request["add_generation_prompt"] = false;
        return;
    }
    if (messages.size() == 1) {
        refuse("\"continue_final_message\" has nothing to continue: the only message is empty");
    }
    messages.erase(messages.size() - 1);
    request.erase("continue_final_message");
    request["add_generation_prompt"] = true;
}

std::optional<std::string> continued_prompt(const json &request,
                                            const std::function<std::string(const json &)> &render) {
    const std::string end = placeholder(request, "end");
    json whole = request;
    whole.erase("continue_final_message");
    json &last = whole["messages"].back();
    json &text = last[has_text(last, "content") ? "content" : "reasoning_content"];
    json &tail = text.is_array() ? text.back()["text"] : text;
    tail = tail.get<std::string>() + end;
    const std::string prompt = render(whole);
    const size_t found = prompt.rfind(end);
    return found == std::string::npos ? std::nullopt : std::optional(prompt.substr(0, found));
}

void add_continued_message(InputSpans &spans, const json &request, const std::string &prompt,
                           const std::function<std::string(const json &)> &render) {
    const std::string content = placeholder(request, "content");
    const std::string reasoning = placeholder(request, "reasoning");
    json shown = request;
    json &last = shown["messages"].back();
    const bool has_content = has_text(last, "content");
    const size_t reasoning_length =
        has_text(last, "reasoning_content") ? last["reasoning_content"].get_ref<const std::string &>().size() : 0;
    if (has_content) {
        last["content"] = content;
    }
    if (reasoning_length > 0) {
        last["reasoning_content"] = reasoning;
    }
    const std::string places = render(shown);
    if (!places.ends_with(has_content ? content : reasoning) && request["continue_final_message"] != "content") {
        throw Error(LLMODEL_UNSUPPORTED,
                    std::string("chat request: the model's chat template has no place for the ") +
                        (has_content ? "content" : "reasoning") + " to be continued",
                    {{"path", "/continue_final_message"}});
    }
    const size_t thought = reasoning_length > 0 ? places.rfind(reasoning) : std::string::npos;
    if (thought != std::string::npos) {
        spans.add(thought, thought + reasoning_length);
    }
    if (has_content) {
        const size_t grown = thought == std::string::npos ? 0 : reasoning_length - reasoning.size();
        spans.add(places.size() - content.size() + grown, prompt.size());
    }
}

} // namespace llmodel
