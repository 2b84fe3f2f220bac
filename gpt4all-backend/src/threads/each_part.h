#pragma once

#include <cstddef>
#include <functional>

namespace llmodel {

/** Does something with each number below `count`, on all processors. On each thread `begin` gives what it does with a
 *  number, which returns false to have all end. `progress` is told from 0 to 1 on the caller's thread, and returns
 * false for the same. Whether it came to the last; the first exception of any thread is thrown. */
bool for_each_part(std::size_t count, const std::function<std::function<bool(std::size_t)>()> &begin,
                   const std::function<bool(float)> &progress);

} // namespace llmodel
