#pragma once

#include <cstdint>
#include <vector>

namespace llmodel {

struct CpuCounts {
    int logical = 1;  /**< That this process may run on. */
    int physical = 1; /**< Cores among them. */
    int threads = 1;  /**< How many to compute with: the physical cores, less what the process's quota forbids. */
};

/** The numbers of the processors that this process may run on, ascending; none where the system does not say. */
std::vector<int> usable_cpus();

/** By the process's CPU affinity, the cores' siblings and the quota of its control groups. */
CpuCounts cpu_counts();

struct HostMemory {
    std::uint64_t total = 0;     /**< Bytes that the machine has or, if that is less, this process may use. */
    std::uint64_t available = 0; /**< Bytes available without swapping; caches of files count as free. */
};

/** Of the machine and of the control groups that the process is in. */
HostMemory host_memory();

/** Returns the heap's free memory to the system, where the C library can. */
void release_free_memory();

} // namespace llmodel
