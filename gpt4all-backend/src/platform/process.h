#pragma once

#include <cstdint>
#include <string>

namespace llmodel {

/** Of this process; another one in a child that was forked from it. */
std::int64_t process_id();

/** What this run of the operating system is called, until it is started again. Empty where it is not known. */
std::string boot_id();

} // namespace llmodel
