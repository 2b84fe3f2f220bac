#include "platform/stack.h"

#include <pthread.h>

namespace llmodel {

StackBounds stack_of_this_thread() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return {};
    }
    void *lowest = nullptr;
    StackBounds bounds;
    pthread_attr_getstack(&attributes, &lowest, &bounds.size);
    pthread_attr_destroy(&attributes);
    bounds.lowest = reinterpret_cast<std::uintptr_t>(lowest);
    return bounds;
}

} // namespace llmodel
