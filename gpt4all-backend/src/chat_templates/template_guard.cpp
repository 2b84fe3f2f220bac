#include "chat_templates/template_guard.h"

#include "error.h"
#include "jinja/utils.h"
#include "platform/stack.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>

namespace llmodel {

namespace {

// The largest real templates are some 30 KB. Expressions are parsed into chains as deep as they are long, so that a
// single one is bounded as well.
constexpr size_t max_template_bytes = size_t{256} << 10;
constexpr size_t max_tag_bytes = size_t{16} << 10;

// A chat of a thousand messages takes some templates 3,000,000 steps; this many take two seconds. What goes through
// long texts and lists takes several steps at once.
#ifdef GPT4ALL_SANITIZED // a sanitizer makes each of them ten times as long
constexpr uint64_t max_steps = 1'000'000;
#else
constexpr uint64_t max_steps = 6'000'000;
#endif
// Some templates put the prompt together in a variable, which takes more the longer it is already.
constexpr uint64_t max_steps_per_input_byte = 32;
constexpr size_t max_input_for_steps = size_t{1} << 20;
constexpr size_t max_text_bytes = size_t{32} << 20;
constexpr size_t max_text_per_input_byte = 64;
// An exception goes through all of it, for each of the trial conversations with which a template is opened.
constexpr size_t max_stack_bytes = size_t{16} << 20;

struct Budget {
    bool active = false;
    uint64_t steps = 0; // in all
    uint64_t work = 0;  // left
    size_t bytes = 0;
    uintptr_t lowest_stack = 0;
};
thread_local Budget budget;

/** Templates may use the upper three quarters of the thread's stack, up to the above. */
uintptr_t lowest_stack_address() {
    const StackBounds stack = stack_of_this_thread();
    return stack.lowest + std::max(stack.size / 4, stack.size - std::min(stack.size, max_stack_bytes));
}

void spend(size_t bytes, size_t work) {
    if (!budget.active) {
        return;
    }
    if (work > budget.work) {
        budget.work = 0;
        throw Error(LLMODEL_TEMPLATE_ERROR, "the chat template was stopped after " + std::to_string(budget.steps) +
                                                " steps: it seems to loop forever");
    }
    budget.work -= work;
    if (bytes > budget.bytes) {
        throw Error(LLMODEL_TEMPLATE_ERROR, "the chat template was stopped: it produces too much text");
    }
    budget.bytes -= bytes;
    if (stack_position() < budget.lowest_stack) {
        throw Error(LLMODEL_TEMPLATE_ERROR, "the chat template was stopped: it is nested too deeply");
    }
}

} // namespace

TemplateGuard::TemplateGuard(size_t input_bytes) {
    static std::once_flag once;
    std::call_once(once, [] { jinja::budget_hook = spend; });
    const uint64_t steps = max_steps + std::min(input_bytes, max_input_for_steps) * max_steps_per_input_byte;
    budget = Budget{.active = true,
                    .steps = steps,
                    .work = steps * jinja::work_of_step,
                    .bytes = max_text_bytes + input_bytes * max_text_per_input_byte,
                    .lowest_stack = lowest_stack_address()};
}

TemplateGuard::~TemplateGuard() {
    budget.active = false;
}

void check_template_size(std::string_view source, std::string_view origin) {
    const auto refuse = [&](const std::string &what, size_t size, size_t limit) {
        throw Error(LLMODEL_TEMPLATE_ERROR,
                    std::string(origin) + ": " + what + " of " + std::to_string(size) + " bytes is over the limit of " +
                        std::to_string(limit),
                    {{"size", size}, {"limit", limit}});
    };
    if (source.size() > max_template_bytes) {
        refuse("a chat template", source.size(), max_template_bytes);
    }
    for (size_t start = source.find('{'); start != std::string_view::npos; start = source.find('{', start)) {
        const char kind = start + 1 < source.size() ? source[start + 1] : '\0';
        if (kind != '{' && kind != '%') {
            ++start;
            continue;
        }
        const std::string_view close = kind == '{' ? "}}" : "%}";
        const size_t end = std::min(source.find(close, start + 2), source.size());
        if (end - start > max_tag_bytes) {
            refuse("an expression", end - start, max_tag_bytes);
        }
        start = std::max(end, start + 2);
    }
}

} // namespace llmodel
