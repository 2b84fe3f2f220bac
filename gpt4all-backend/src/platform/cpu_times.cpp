#include "platform/cpu_times.h"

#if defined(__linux__)
#include "platform/machine.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>
#endif

namespace llmodel {

#if defined(__linux__)
std::optional<CpuTimes> read_cpu_times() {
    static const std::vector<int> cpus = usable_cpus();
    static const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    std::ifstream stream("/proc/stat");
    CpuTimes times;
    size_t found = 0;
    for (std::string line; std::getline(stream, line) && line.starts_with("cpu");) {
        int cpu = -1;
        double user = 0;
        double nice = 0;
        double system = 0;
        double idle = 0;
        double waiting = 0;
        std::istringstream words(line.substr(3));
        if (line[3] != ' ' && words >> cpu >> user >> nice >> system >> idle >> waiting &&
            std::ranges::binary_search(cpus, cpu)) {
            times.idle += (idle + waiting) / ticks;
            ++found;
        }
    }
    timespec process{};
    if (found == 0 || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &process) != 0) {
        return std::nullopt;
    }
    times.process = static_cast<double>(process.tv_sec) + static_cast<double>(process.tv_nsec) * 1e-9;
    times.wall = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return times;
}
#else
std::optional<CpuTimes> read_cpu_times() {
    return std::nullopt;
}
#endif

} // namespace llmodel
