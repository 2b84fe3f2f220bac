#pragma once

#include <cstdint>

namespace llmodel {

/** Of this process; another one in a child that was forked from it. */
std::int64_t process_id();

} // namespace llmodel
