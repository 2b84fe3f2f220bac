#include "platform/large_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace llmodel {

namespace {

std::size_t whole_pages(std::size_t size) {
    return (size + large_page_bytes - 1) / large_page_bytes * large_page_bytes;
}

/** Bytes from here to where a large page may begin. */
std::size_t to_large_page(const void *at) {
    return -reinterpret_cast<std::uintptr_t>(at) % large_page_bytes;
}

} // namespace

void *reserve_large_pages(std::size_t size) {
    const std::size_t whole = whole_pages(size);
    const std::size_t more = whole + large_page_bytes; // systems begin at any small page
    if (more < size) {
        return nullptr;
    }
    void *got = mmap(nullptr, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) {
        return nullptr;
    }
    const std::size_t before = to_large_page(got);
    char *begin = static_cast<char *>(got) + before;
    if (before > 0) {
        munmap(got, before);
    }
    if (before < large_page_bytes) {
        munmap(begin + whole, large_page_bytes - before);
    }
    ask_for_large_pages(begin, size);
    return begin;
}

void release_large_pages(void *begin, std::size_t size) {
    munmap(begin, whole_pages(size));
}

void ask_for_large_pages([[maybe_unused]] void *begin, [[maybe_unused]] std::size_t size) {
#if defined(__linux__)
    const std::size_t before = to_large_page(begin);
    if (size >= before + large_page_bytes) {
        const std::size_t whole = (size - before) / large_page_bytes * large_page_bytes;
        madvise(static_cast<char *>(begin) + before, whole, MADV_HUGEPAGE); // a wish, which may not be granted
    }
#endif
}

} // namespace llmodel
