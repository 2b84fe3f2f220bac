#include "chat.h"
#include "chat_templates/rendered_input.h"
#include "chat_templates/template_guard.h"
#include "error.h"

#include <cstddef>
#include <cstdint>
#include <string>

/** The bytes are a chat template. It is refused or renders a conversation with tools, within the limits. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0; // no template is given: the model's own is taken
    }
    const std::string source(data, data + size);
    const llmodel::TemplateGuard guard(source.size());
    try {
        llmodel::check_template_size(source, "fuzz");
        const common_chat_templates_ptr templates = common_chat_templates_init(nullptr, source, "<s>", "</s>");
        common_chat_templates_inputs inputs;
        inputs.use_jinja = true;
        for (const char *role : {"system", "user", "assistant", "user"}) {
            common_chat_msg message;
            message.role = role;
            message.content = "text";
            inputs.messages.push_back(message);
        }
        inputs.tools.push_back({"add", "adds", R"({"type": "object", "properties": {"a": {"type": "integer"}}})"});
        const llmodel::RenderedInput rendered;
        rendered.spans_of(common_chat_templates_apply(templates.get(), inputs).prompt);
    } catch (const std::exception &) {
        return 0; // refused
    }
    return 0;
}
