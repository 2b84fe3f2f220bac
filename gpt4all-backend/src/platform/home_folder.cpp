#include "platform/home_folder.h"

#include <cstdlib>
#include <pwd.h>
#include <unistd.h>
#include <vector>

namespace llmodel {

std::string home_folder() {
    if (const char *home = std::getenv("HOME"); home != nullptr) { // NOLINT(concurrency-mt-unsafe): nothing sets it
        return home;
    }
    constexpr std::size_t enough_bytes = std::size_t{16} << 10;
    std::vector<char> memory(enough_bytes);
    passwd entry{};
    passwd *found = nullptr;
    const bool is_listed = getpwuid_r(getuid(), &entry, memory.data(), memory.size(), &found) == 0 && found != nullptr;
    return is_listed ? entry.pw_dir : "";
}

} // namespace llmodel
