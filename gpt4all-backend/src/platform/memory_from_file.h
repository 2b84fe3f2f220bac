#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace llmodel {

// Memory of reserve_large_pages() that shows what is in a file. Sizes and offsets are multiples of large pages.

/** Maps the file there, read-only. What was in the memory is lost. Throws std::system_error. */
void map_over(void *begin, std::size_t size, int descriptor, std::uint64_t offset);

/** Makes it memory of this process again, all zeros. Throws Error(LLMODEL_OUT_OF_MEMORY). */
void unmap_again(void *begin, std::size_t size);

/** Has all of it ready to be read; from a disk this takes time, and `progress` is told how much is done and returns
 * false to give up, which is the result. */
bool populate(void *begin, std::size_t size, const std::function<bool(float)> &progress);

/** Whether nearly all of what is mapped there, and has been read, lies in large pages; always where systems do not tell
 *  or have none for other memory either. */
bool is_in_large_pages(const void *begin, std::size_t size);

/** Has the process hold no more pages of a file that is mapped there: what is read again is taken from the file again.
 *  Pages that are there in part stay, and so do locked ones. */
void forget_pages(void *begin, std::size_t size);

} // namespace llmodel
