#pragma once

// The parts of read_gguf(), each of which throws as that does.

#include "gguf/cursor.h"
#include "gguf/gguf_file.h"

#include <cstdint>

namespace llmodel::parsing {

/** The type and the value of a metadata key. */
GgufValue read_value(GgufCursor &cursor);

/** The description of a tensor; its offset still counts from the beginning of the data. */
GgufTensor read_tensor(GgufCursor &cursor);

/** Turns offsets from the beginning of the data, which comes after `end`, into offsets from the beginning of the file.
 */
void place_tensors(GgufFile &file, std::uint64_t end);

} // namespace llmodel::parsing
