#include "platform/detached_thread.h"

#include <memory>
#include <pthread.h>
#include <utility>

namespace llmodel {

std::error_code start_detached_thread(size_t stack_bytes, std::function<void()> work) {
    using Work = std::function<void()>;
    auto start = std::make_unique<Work>(std::move(work));

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    pthread_t thread{};
    const int failure = pthread_create(
        &thread, &attributes,
        [](void *argument) -> void * {
            const std::unique_ptr<Work> taken(static_cast<Work *>(argument));
            (*taken)();
            return nullptr;
        },
        start.get());
    pthread_attr_destroy(&attributes);
    if (failure == 0) {
        // the thread owns it from here on
        static_cast<void>(start.release()); // NOLINT(bugprone-unused-return-value)
    }
    return {failure, std::generic_category()};
}

} // namespace llmodel
