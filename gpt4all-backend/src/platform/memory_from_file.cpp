#include "platform/memory_from_file.h"

#include "error.h"
#include "platform/large_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

#ifdef __linux__
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#endif

namespace llmodel {

namespace {

void map(void *begin, std::size_t size, int protection, int flags, int descriptor, std::uint64_t offset) {
    if (mmap(begin, size, protection, flags | MAP_FIXED, descriptor, static_cast<off_t>(offset)) == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category());
    }
    ask_for_large_pages(begin, size);
}

} // namespace

void map_over(void *begin, std::size_t size, int descriptor, std::uint64_t offset) {
    map(begin, size, PROT_READ, MAP_SHARED, descriptor, offset);
}

void unmap_again(void *begin, std::size_t size) {
    try {
        map(begin, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    } catch (const std::system_error &error) {
        throw Error(LLMODEL_OUT_OF_MEMORY, "failed to allocate memory for weights: " + error.code().message());
    }
}

bool populate(void *begin, std::size_t size, const std::function<bool(float)> &progress) {
    constexpr std::size_t step = std::size_t{64} << 20;
    auto *memory = static_cast<volatile char *>(begin);
    for (std::size_t from = 0; from < size; from += step) {
        for (std::size_t at = from; at < std::min(size, from + step); at += large_page_bytes) {
            static_cast<void>(memory[at]); // which brings in the whole of a large page
        }
        if (!progress(static_cast<float>(from) / static_cast<float>(size))) {
            return false;
        }
    }
    return true;
}

bool is_in_large_pages([[maybe_unused]] const void *begin, [[maybe_unused]] std::size_t size) {
#ifdef __linux__
    // in /proc/self/smaps a line with the range, then one for each number in KiB
    std::ifstream maps("/proc/self/smaps");
    bool inside = false;
    std::size_t large = 0;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t from = 0;
        std::uintptr_t to = 0;
        std::size_t number = 0;
        if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2) {
            const auto first = reinterpret_cast<std::uintptr_t>(begin);
            inside = from < first + size && to > first;
        } else if (inside && std::sscanf(line.c_str(), "FilePmdMapped: %zu kB", &number) == 1) {
            large += number << 10;
        }
    }
    return large >= size - size / 8;
#else
    return true;
#endif
}

void forget_pages(void *begin, std::size_t size) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % page;
    if (size >= before + page) {
        // it is no error if they stay
        madvise(static_cast<char *>(begin) + before, (size - before) / page * page, MADV_DONTNEED);
    }
}

} // namespace llmodel
