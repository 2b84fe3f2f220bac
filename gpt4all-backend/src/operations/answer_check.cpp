#include "operations/answer_check.h"

#include "grammar/grammar.h"
#include "json/long_numbers.h"
#include "json_schema/llama_rules.h"

#include <cctype>

namespace llmodel {

namespace {

/** What is wrong with a text that should be valid; null if nothing is. One that was cut might have gone on if it does
 *  not end what it began, or in a number. */
json fault_of(SchemaValidator &validator, const std::string &text, bool cut) {
    const bool whole = is_json(text) && std::isdigit(static_cast<unsigned char>(text.back())) == 0;
    if (text.empty() || (cut && !whole)) {
        const char *why =
            cut ? "the answer was cut short; allow more max_tokens, or a larger n_ctx" : "there is no text";
        return {{"pointer", ""}, {"keyword", ""}, {"schema_pointer", ""}, {"message", why}};
    }
    return validator.fault(text);
}

} // namespace

std::shared_ptr<AnswerCheck> AnswerCheck::of(const json &request) {
    auto check = std::make_shared<AnswerCheck>();
    const json schema = schema_of(request);
    if (!schema.is_null() && !is_strict(request)) {
        check->form_ = std::make_unique<SchemaValidator>(schema);
    }
    for_each_tool_schema(request, [&](const std::string &name, const json &parameters, bool strict) {
        if (!strict) {
            check->tools_[name] = std::make_unique<SchemaValidator>(parameters, true);
        }
    });
    return check->form_ == nullptr && check->tools_.empty() ? nullptr : check;
}

void AnswerCheck::judge(json &choice, const std::string &text, const json &tool_calls) {
    const bool cut = choice.at("finish_reason") == "length";
    bool checked = false;
    json fault;
    for (size_t i = 0; i < tool_calls.size() && fault.is_null(); ++i) {
        const json &called = tool_calls[i].at("function");
        const auto tool = tools_.find(called.at("name").get<std::string>());
        if (tool != tools_.end()) {
            checked = true;
            fault = fault_of(*tool->second, called.at("arguments").get<std::string>(), cut);
            if (!fault.is_null()) {
                fault["tool_call"] = i;
            }
        }
    }
    if (form_ != nullptr && tool_calls.empty()) {
        checked = true;
        fault = fault_of(*form_, text, cut);
    }
    if (checked) {
        choice["valid"] = fault.is_null();
    }
    if (!fault.is_null()) {
        choice["invalid"] = std::move(fault);
    }
}

} // namespace llmodel
