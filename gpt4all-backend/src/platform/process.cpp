#include "platform/process.h"

#ifdef __APPLE__
#include <sys/sysctl.h>
#include <sys/types.h>

#include <array>
#else
#include <fstream>
#endif

#include <unistd.h>

namespace llmodel {

std::int64_t process_id() {
    return getpid();
}

std::string boot_id() {
#ifdef __APPLE__
    std::array<char, 64> text{};
    size_t size = text.size() - 1;
    return sysctlbyname("kern.bootsessionuuid", text.data(), &size, nullptr, 0) == 0 ? text.data() : "";
#else
    std::string text;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
    return text;
#endif
}

} // namespace llmodel
