#pragma once

namespace llmodel {

/** `$defs/build_info`, as JSON. Lives as long as the library. */
const char *build_info();

} // namespace llmodel
