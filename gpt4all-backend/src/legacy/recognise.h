#pragma once

#include "gguf/cursor.h"
#include "legacy/legacy_file.h"

namespace llmodel::legacy {

/** What kind of file it is: architecture, format and version. The cursor then stands behind those. Throws as
 *  read_legacy_file() does. */
LegacyFile recognise(GgufCursor &cursor);

} // namespace llmodel::legacy
