#pragma once

#include <cstddef>
#include <cstdint>

namespace llmodel {

/** The stack of a thread, which grows down to `lowest`; of size 0 where the system does not say. */
struct StackBounds {
    std::uintptr_t lowest = 0;
    std::size_t size = 0; /**< Bytes. */
};

/** Of the calling thread. */
StackBounds stack_of_this_thread();

/** How far down the stack of the calling thread is in use. Not the address of a variable, which the address sanitizer
 *  may keep elsewhere. */
inline std::uintptr_t stack_position() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

} // namespace llmodel
