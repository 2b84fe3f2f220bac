#include "llama/abort_guard.h"

#include "ggml.h"
#include "llama/texts.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>

namespace llmodel {

namespace {

thread_local int guards = 0;
thread_local int guards_of_contexts = 0;
ggml_abort_callback_t former_callback = nullptr;

void on_abort(const char *message) {
    on_module_abort(message);
    if (former_callback != nullptr) {
        former_callback(message);
    }
}

} // namespace

void on_module_abort(const char *message) {
    if (guards > 0) {
        std::string text(message);
        while (!text.empty() && text.back() == '\n') {
            text.pop_back();
        }
        const auto in_text = [&text](std::string_view source) { return text.find(source) != std::string::npos; };
        if (guards_of_contexts == 0 || std::ranges::any_of(llama_texts::sources_of_requests, in_text)) {
            throw Error(LLMODEL_INTERNAL, "llama.cpp gave up: " + text, {{"assertion", text}});
        }
        throw ContextAborted{Error(LLMODEL_INTERNAL,
                                   "llama.cpp gave up, so that the model has to be closed and opened again: " + text,
                                   {{"assertion", text}, {"reopen", true}})};
    }
}

AbortGuard::AbortGuard(Leaves leaves) : leaves_(leaves) {
    static std::once_flag once;
    std::call_once(once, [] { former_callback = ggml_set_abort_callback(on_abort); });
    ++guards;
    guards_of_contexts += leaves_ == Leaves::context ? 1 : 0;
}

AbortGuard::~AbortGuard() {
    --guards;
    guards_of_contexts -= leaves_ == Leaves::context ? 1 : 0;
}

} // namespace llmodel
