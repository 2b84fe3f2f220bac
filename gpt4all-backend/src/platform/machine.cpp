#include "platform/machine.h"

#include "common.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <unistd.h>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_text(const fs::path &path) {
    std::ifstream stream(path);
    if (!stream) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/** The number that a file holds; none for "max", for a missing file, or below zero, as version 1 writes "no limit". */
std::optional<uint64_t> read_number(const fs::path &path) {
    std::ifstream stream(path);
    int64_t number = 0;
    if (!(stream >> number) || number < 0) {
        return std::nullopt;
    }
    return static_cast<uint64_t>(number);
}

/** The value behind `key` in a file of "key value" lines. */
std::optional<uint64_t> read_field(const fs::path &path, std::string_view key) {
    std::ifstream stream(path);
    std::string line;
    while (std::getline(stream, line)) {
        std::istringstream words(line);
        std::string name;
        uint64_t number = 0;
        if (words >> name >> number && name == key) {
            return number;
        }
    }
    return std::nullopt;
}

/** The control groups of this process that a controller knows, from its own up to the root. Within a container the path
 *  is often that of the host, while only the container's part is mounted: the root is always among them. */
std::vector<fs::path> control_groups(std::string_view controller) {
    std::ifstream stream("/proc/self/cgroup");
    std::string line;
    std::vector<fs::path> groups;
    while (std::getline(stream, line)) {
        const size_t first = line.find(':');
        const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool unified = controllers == ",,";
        if (!unified && controllers.find("," + std::string(controller) + ",") == std::string::npos) {
            continue;
        }
        fs::path root = "/sys/fs/cgroup";
        if (!unified) {
            root /= controller;
        }
        for (fs::path group = line.substr(second + 1); group.has_relative_path(); group = group.parent_path()) {
            groups.push_back(root / group.relative_path());
        }
        groups.push_back(root);
    }
    return groups;
}

/** In CPUs; infinite without a quota. */
double cpu_quota() {
    double quota = std::numeric_limits<double>::infinity();
    for (const fs::path &group : control_groups("cpu")) {
        if (const auto text = read_text(group / "cpu.max")) {
            std::istringstream words(*text);
            double time = 0;
            double period = 0;
            if (words >> time >> period && period > 0) { // "max" is no number
                quota = std::min(quota, time / period);
            }
        }
        const auto time = read_number(group / "cpu.cfs_quota_us");
        const auto period = read_number(group / "cpu.cfs_period_us");
        if (time && period && *period > 0) {
            quota = std::min(quota, static_cast<double>(*time) / static_cast<double>(*period));
        }
    }
    return quota;
}

int cores_of(const std::vector<int> &cpus) {
    std::set<std::string> cores;
    for (const int cpu : cpus) {
        const auto siblings =
            read_text("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
        cores.insert(siblings ? *siblings : "cpu" + std::to_string(cpu));
    }
    return static_cast<int>(cores.size());
}

} // namespace

std::vector<int> usable_cpus() {
    std::vector<int> cpus;
#if defined(__linux__)
    for (size_t count = CPU_SETSIZE; count <= (size_t{1} << 16) && cpus.empty(); count *= 2) {
        cpu_set_t *set = CPU_ALLOC(count);
        if (set == nullptr) {
            break;
        }
        const size_t size = CPU_ALLOC_SIZE(count);
        if (sched_getaffinity(0, size, set) == 0) {
            for (size_t cpu = 0; cpu < count; ++cpu) {
                if (CPU_ISSET_S(cpu, size, set)) {
                    cpus.push_back(static_cast<int>(cpu));
                }
            }
        }
        CPU_FREE(set);
    }
#endif
    return cpus;
}

CpuCounts cpu_counts() {
    CpuCounts counts;
    const std::vector<int> cpus = usable_cpus();
    if (cpus.empty()) {
        counts.logical = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
        counts.physical = std::clamp(common_cpu_get_num_physical_cores(), 1, counts.logical);
    } else {
        counts.logical = static_cast<int>(cpus.size());
        counts.physical = cores_of(cpus);
    }
    // fewer than the cores where some are slow ones, which would hold up the others
    counts.threads = std::clamp(common_cpu_get_num_math(), 1, counts.physical);
    const double quota = cpu_quota();
    if (std::isfinite(quota)) {
        counts.threads = std::min(counts.threads, std::max(1, static_cast<int>(std::lround(quota))));
    }
    return counts;
}

HostMemory host_memory() {
    HostMemory memory;
    memory.total = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    const auto available = read_field("/proc/meminfo", "MemAvailable:"); // in KiB
    memory.available = available ? *available * 1024 : memory.total;

    for (const fs::path &group : control_groups("memory")) {
        const bool unified = fs::exists(group / "memory.current");
        const auto limit = read_number(group / (unified ? "memory.max" : "memory.limit_in_bytes"));
        const auto usage = read_number(group / (unified ? "memory.current" : "memory.usage_in_bytes"));
        if (!limit || !usage || *limit >= memory.total) {
            continue;
        }
        const fs::path statistics = group / "memory.stat";
        const std::string prefix = unified ? "" : "total_";
        const uint64_t cached = read_field(statistics, prefix + "inactive_file").value_or(0) +
                                read_field(statistics, prefix + "active_file").value_or(0);
        const uint64_t used = *usage - std::min(*usage, cached);
        memory.total = *limit;
        memory.available = std::min(memory.available, *limit - std::min(*limit, used));
    }
    return memory;
}

void release_free_memory() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

} // namespace llmodel
