#include "tokens/special_tokens.h"

#include "llama-vocab.h" // the hook

namespace llmodel {

namespace {

thread_local const InputSpans *current_input = nullptr;

bool may_be_special(const llama_vocab &vocab, llama_token token, size_t begin, size_t end) {
    constexpr int reserved = LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN;
    if (current_input == nullptr || (vocab.token_get_attr(token) & reserved) == 0) {
        return true;
    }
    const bool named = begin < end; // otherwise pieces of text happen to form its name
    return named && !current_input->touch(begin, end);
}

// Before any thread splits text: the hook is read without a lock.
[[maybe_unused]] const bool tokens_are_hooked = [] {
    llama_special_hook = may_be_special;
    return true;
}();

} // namespace

SpecialTokenGuard::SpecialTokenGuard(const InputSpans &input) : outer_(current_input) {
    current_input = &input;
}

SpecialTokenGuard::~SpecialTokenGuard() {
    current_input = outer_;
}

} // namespace llmodel
