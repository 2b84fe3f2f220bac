#pragma once

#include <cstdint>
#include <string>

namespace llmodel {

/** Such as "1.5 GiB". */
std::string human_bytes(std::uint64_t bytes);

} // namespace llmodel
