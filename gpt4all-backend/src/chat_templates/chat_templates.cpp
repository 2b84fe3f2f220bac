#include "chat_templates/chat_templates.h"

#include "error.h"

#include <algorithm>
#include <array>

namespace llmodel {

namespace {

// The formats, as far as known, that models without a template were trained with, in Jinja of our own.

constexpr std::string_view chatml = R"(
{%- for message in messages -%}
    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\n' -}}
{%- endif -%}
)";

// Each message under a line that says whose it is, the system's under none.
constexpr std::string_view headed = R"(
{%- for message in messages -%}
    {{- heads.get(message.role, '') + message.content + between -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- heads.assistant -}}
{%- endif -%}
)";
constexpr std::string_view alpaca = R"(
{%- set heads = {'user': '### Instruction:\n', 'assistant': '### Response:\n'} -%}
{%- set between = '\n\n' -%}
)";
constexpr std::string_view gpt4all_j = R"(
{%- set heads = {'user': '### Prompt:\n', 'assistant': '### Response:\n'} -%}
{%- set between = '\n' -%}
)";
constexpr std::string_view human_assistant = R"(
{%- set heads = {'user': '### Human:\n', 'assistant': '### Assistant:\n'} -%}
{%- set between = '\n\n' -%}
)";

constexpr std::string_view vicuna = R"(
{%- for message in messages -%}
    {%- if message.role == 'user' -%}
        {{- 'USER: ' + message.content + ' ' -}}
    {%- elif message.role == 'assistant' -%}
        {{- 'ASSISTANT: ' + message.content + eos_token -}}
    {%- else -%}
        {{- message.content + ' ' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- 'ASSISTANT:' -}}
{%- endif -%}
)";

// [INST] around each question, and the system's words in it.
constexpr std::string_view instruct = R"(
{%- set wait = namespace(system='', begin='') -%}
{%- for message in messages -%}
    {%- if message.role == 'system' -%}
        {%- set wait.system = before + message.content + after -%}
    {%- elif message.role == 'user' -%}
        {{- wait.begin + '[INST] ' + wait.system + message.content + ' [/INST]' -}}
        {%- set wait.system = '' -%}
        {%- set wait.begin = '' -%}
    {%- else -%}
        {{- ' ' + message.content + end -}}
        {%- set wait.begin = begin -%}
    {%- endif -%}
{%- endfor -%}
)";
constexpr std::string_view llama2 = R"(
{%- set before = '<<SYS>>\n' -%}
{%- set after = '\n<</SYS>>\n\n' -%}
{%- set end = ' ' + eos_token -%}
{%- set begin = bos_token -%}
)";
constexpr std::string_view mistral = R"(
{%- set before = '' -%}
{%- set after = '\n\n' -%}
{%- set end = eos_token -%}
{%- set begin = '' -%}
)";

constexpr std::string_view zephyr = R"(
{%- for message in messages -%}
    {{- '<|' + message.role + '|>\n' + message.content + eos_token + '\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|assistant|>\n' -}}
{%- endif -%}
)";

/** A form with what is particular to one template before it. */
std::string with(std::string_view variables, std::string_view form) {
    return std::string(variables) + std::string(form);
}

const std::array<ChatTemplate, 8> templates{{
    {"alpaca", with(alpaca, headed), {"### Instruction:", "### Response:"}},
    {"chatml", std::string(chatml), {"<|im_start|>", "<|im_end|>"}},
    {"gpt4all-j", with(gpt4all_j, headed), {"### Prompt:", "### Response:"}},
    {"human-assistant", with(human_assistant, headed), {"### Human:", "### Assistant:"}},
    {"llama2", with(llama2, instruct), {"[INST]"}},
    {"mistral", with(mistral, instruct), {"[INST]"}},
    {"vicuna", std::string(vicuna), {"\nUSER:", "\nASSISTANT:"}},
    {"zephyr", std::string(zephyr), {"<|user|>", "<|assistant|>"}},
}};

bool knows_token(const GgufFile &model, std::string_view text) {
    const StringArray *tokens = model.get_strings("tokenizer.ggml.tokens");
    for (size_t i = 0; tokens != nullptr && i < tokens->size(); i++) {
        if ((*tokens)[i] == text) {
            return true;
        }
    }
    return false;
}

} // namespace

std::vector<std::string> ChatTemplate::stops() const {
    std::vector<std::string> found;
    for (const std::string_view turn : turns) {
        for (const char *before : {"\n\n", "\n", ""}) {
            found.push_back(before + std::string(turn));
        }
    }
    return found;
}

const ChatTemplate &chat_template_named(std::string_view name) {
    const auto *const found = std::ranges::find(templates, name, &ChatTemplate::name);
    if (found != templates.end()) {
        return *found;
    }
    std::string names;
    for (const ChatTemplate &known : templates) {
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    throw Error(
        LLMODEL_INVALID_ARGUMENT,
        "the option chat_template: " + (name.size() <= 64 ? '"' + std::string(name) + '"' : "the text") +
            " is neither a Jinja template, which would contain {{ or {%, nor one of the built-in names: " + names,
        {{"path", "/chat_template"}});
}

const ChatTemplate &default_chat_template(const GgufFile &model) {
    if (knows_token(model, "<|im_start|>") && knows_token(model, "<|im_end|>")) {
        return chat_template_named("chatml");
    }
    const bool gptj = model.source_architecture() == "gptj";
    return chat_template_named(gptj ? "gpt4all-j" : "human-assistant");
}

bool has_chat_template(const GgufFile &model) {
    return !model.get_string("tokenizer.chat_template").value_or("").empty();
}

bool is_jinja(std::string_view chat_template) {
    return chat_template.find("{{") != std::string_view::npos || chat_template.find("{%") != std::string_view::npos;
}

} // namespace llmodel
