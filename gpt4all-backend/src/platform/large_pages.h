#pragma once

#include <cstddef>

namespace llmodel {

/** Asks the operating system for larger pages than usual for memory that is to be read from one end to the other. */
void ask_for_large_pages(void *begin, std::size_t size);

} // namespace llmodel
