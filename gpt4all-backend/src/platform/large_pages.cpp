#include "platform/large_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace llmodel {

void ask_for_large_pages([[maybe_unused]] void *begin, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
    constexpr std::uintptr_t large = std::uintptr_t{2} << 20;
    const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(begin) + large - 1) / large * large;
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(begin) + size) / large * large;
    if (first < end) {
        madvise(reinterpret_cast<void *>(first), end - first, MADV_HUGEPAGE); // a wish, which may not be granted
    }
#endif
}

} // namespace llmodel
