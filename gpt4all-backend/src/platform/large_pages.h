#pragma once

#include <cstddef>

namespace llmodel {

/** Where a large page may begin. */
inline constexpr std::size_t large_page_bytes = std::size_t{2} << 20;

/** Memory for what is read from one end to the other, in larger pages than usual if the system grants them. It begins
 *  where a large page does, and so does what follows it, so that a file may be mapped over all of it. Null where there
 * is not so much. */
void *reserve_large_pages(std::size_t size);
void release_large_pages(void *begin, std::size_t size);

/** Asks the operating system for larger pages than usual for memory that is to be read from one end to the other. */
void ask_for_large_pages(void *begin, std::size_t size);

} // namespace llmodel
