#include "shim.h"

#include "_cgo_export.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTER(returns, name, parameters, arguments) static returns(*pointer_to_##name) parameters;
LLMODEL_FUNCTIONS(POINTER)

#define FORWARD(returns, name, parameters, arguments)                                                                  \
    returns name parameters {                                                                                          \
        return pointer_to_##name arguments;                                                                            \
    }
LLMODEL_FUNCTIONS(FORWARD)

static char *why(void) {
    const char *text = dlerror();
    return strdup(text ? text : "the system does not say why");
}

char *gpt4all_open_library(const char *path) {
    /* Local: its symbols must not become those of other libraries in this process. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        return why();
    }
    uint32_t (*version)(void) = (uint32_t(*)(void))dlsym(library, "llmodel_abi_version");
    if (!version || version() != LLMODEL_ABI_VERSION) {
        char text[100];
        if (!version) {
            snprintf(text, sizeof(text), "is not libllmodel: it has no llmodel_abi_version()");
        } else {
            snprintf(text, sizeof(text), "has version %u of the interface where %u is needed", version(),
                     LLMODEL_ABI_VERSION);
        }
        dlclose(library);
        return strdup(text);
    }
#define FIND(returns, name, parameters, arguments)                                                                     \
    pointer_to_##name = (returns(*) parameters)dlsym(library, #name);                                                  \
    if (!pointer_to_##name) {                                                                                          \
        char *text = why();                                                                                            \
        dlclose(library);                                                                                              \
        return text;                                                                                                   \
    }
    LLMODEL_FUNCTIONS(FIND)
    return NULL;
}

gpt4all_progress *gpt4all_progress_new(uintptr_t listener) {
    gpt4all_progress *progress = calloc(1, sizeof(*progress));
    if (progress) {
        progress->listener = listener;
    }
    return progress;
}

void gpt4all_progress_cancel(gpt4all_progress *progress) {
    atomic_store(&progress->cancelled, 1);
}

int32_t gpt4all_progress_report(float fraction, void *user) {
    gpt4all_progress *progress = user;
    if (progress->listener && !atomic_load(&progress->cancelled)) {
        gpt4allGoProgress(progress, fraction);
    }
    return atomic_load(&progress->cancelled);
}

static void forward_message(llmodel_log_level level, const char *message, void *user) {
    (void)user;
    gpt4allGoLog((int32_t)level, (char *)message);
}

void gpt4all_log(llmodel_log_level level) {
    llmodel_set_log(level == LLMODEL_LOG_NONE ? NULL : forward_message, NULL, level);
}
