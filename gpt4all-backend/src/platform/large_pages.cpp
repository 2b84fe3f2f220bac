#include "platform/large_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace llmodel {

void ask_for_large_pages([[maybe_unused]] void *begin, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
    constexpr std::size_t large = std::size_t{2} << 20;
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % large; // up to where one may begin
    if (size >= before + large) {
        const std::size_t whole = (size - before) / large * large;
        madvise(static_cast<char *>(begin) + before, whole, MADV_HUGEPAGE); // a wish, which may not be granted
    }
#endif
}

} // namespace llmodel
