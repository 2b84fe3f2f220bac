#include "chat_templates/rendered_input.h"

#include "chat.h" // llama-common's, with the hook
#include "chat_templates/filter_marks.h"
#include "json/long_numbers.h"

#include <algorithm>

namespace llmodel {

namespace {

thread_local RenderedInput *current_rendering = nullptr;

void keep_rendered(const jinja::string &text, size_t cut) {
    if (current_rendering == nullptr) {
        return;
    }
    RenderedInput::Text kept;
    size_t end = 0;
    for (const jinja::string_part &part : text.parts) {
        const size_t begin = std::max(end, cut);
        end += part.val.size();
        if (part.is_input && begin < end) {
            kept.input.emplace_back(begin - cut, end - cut);
        }
        kept.text += part.val;
    }
    kept.text.erase(0, cut);
    current_rendering->keep(std::move(kept));
}

// Before any thread renders: the hooks are read without a lock.
[[maybe_unused]] const bool templates_are_hooked = [] {
    common_chat_render_hook = keep_rendered;
    common_chat_numbers_hook = mark_numbers;
    jinja::filter_hook = keep_marks;
    return true;
}();

size_t common_prefix(std::string_view a, std::string_view b) {
    return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

size_t common_suffix(std::string_view a, std::string_view b) {
    return static_cast<size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin());
}

} // namespace

RenderedInput::RenderedInput() : outer_(current_rendering) {
    current_rendering = this;
}

RenderedInput::~RenderedInput() {
    current_rendering = outer_;
}

InputSpans RenderedInput::spans_of(std::string_view prompt) const {
    InputSpans spans;
    const auto source =
        std::ranges::max_element(texts_, {}, [prompt](const Text &text) { return common_prefix(text.text, prompt); });
    if (source == texts_.end()) {
        return spans;
    }
    const std::string_view text = source->text;
    const size_t head = common_prefix(text, prompt);
    const size_t tail = common_suffix(text.substr(head), prompt.substr(head));
    for (const auto &[begin, end] : source->input) {
        spans.add(begin, std::min(end, head));
    }
    for (const auto &[begin, end] : source->input) {
        if (end > text.size() - tail) {
            spans.add(prompt.size() - (text.size() - std::max(begin, text.size() - tail)),
                      prompt.size() - (text.size() - end));
        }
    }
    return spans;
}

} // namespace llmodel
