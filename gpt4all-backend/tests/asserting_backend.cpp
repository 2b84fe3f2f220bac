// A compute backend that fails an assertion of ggml's when it is initialised, as far as the loader can tell.

#include <cstdlib>

namespace {

void (*on_abort)(const char *message) = nullptr;

}

extern "C" {

__attribute__((visibility("default"))) void (*ggml_set_abort_callback(void (*callback)(const char *)))(const char *) {
    void (*former)(const char *) = on_abort;
    on_abort = callback;
    return former;
}

__attribute__((visibility("default"))) void *ggml_backend_init(void) {
    if (on_abort != nullptr) {
        on_abort("asserting_backend.cpp:1: GGML_ASSERT(false) failed");
    }
    std::abort();
}
}
