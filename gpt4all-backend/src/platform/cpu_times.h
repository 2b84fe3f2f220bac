#pragma once

#include <optional>

namespace llmodel {

/** Seconds that have passed since some moment in the past: of clock, of this process on any processor, and idle on each
 * of the processors that it may use, added up. */
struct CpuTimes {
    double wall = 0;
    double process = 0;
    double idle = 0;
};

/** None where the system does not say: everywhere but on Linux. */
std::optional<CpuTimes> read_cpu_times();

} // namespace llmodel
