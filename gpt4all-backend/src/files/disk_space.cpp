#include "files/disk_space.h"

#include "error.h"
#include "memory/human_bytes.h"

#include <system_error>

namespace llmodel {

void require_disk_space(const std::filesystem::path &path, std::uint64_t needed) {
    std::error_code error;
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const std::filesystem::space_info space = std::filesystem::space(folder, error);
    if (!error && space.available < needed) {
        throw Error(LLMODEL_IO,
                    path.string() + " needs " + human_bytes(needed) + ", but only " + human_bytes(space.available) +
                        " is free on its disk; free some space or write elsewhere",
                    {{"path", path.string()}, {"needed", needed}, {"available", space.available}});
    }
}

} // namespace llmodel
