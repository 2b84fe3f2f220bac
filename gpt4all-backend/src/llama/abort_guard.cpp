#include "llama/abort_guard.h"

#include "error.h"
#include "ggml.h"

#include <mutex>
#include <string>

namespace llmodel {

namespace {

thread_local int guards = 0;
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
        throw Error(LLMODEL_INTERNAL, "llama.cpp gave up: " + text, {{"assertion", text}});
    }
}

AbortGuard::AbortGuard() {
    static std::once_flag once;
    std::call_once(once, [] { former_callback = ggml_set_abort_callback(on_abort); });
    ++guards;
}

AbortGuard::~AbortGuard() {
    --guards;
}

} // namespace llmodel
