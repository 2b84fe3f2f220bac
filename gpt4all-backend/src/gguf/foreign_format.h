#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace llmodel {

/** How many of the first bytes foreign_format() wants to see. */
constexpr std::size_t foreign_format_bytes = 512;

/** A sentence that says what a file is, and what to do, for the well-known formats that people take for GGUF; empty if
 *  it is none of them. `head` is the beginning of the file, `size` the length of the whole in bytes. */
std::string foreign_format(std::span<const std::byte> head, std::uint64_t size);

} // namespace llmodel
