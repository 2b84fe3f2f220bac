#include "files/output_path.h"

#include "error.h"

#include <system_error>

namespace llmodel {

namespace fs = std::filesystem;

void check_output_path(const fs::path &out_path, const std::vector<fs::path> &inputs) {
    std::error_code ignored;
    if (fs::is_directory(out_path, ignored)) {
        throw Error(LLMODEL_INVALID_ARGUMENT, out_path.string() + " is a folder; name the file to be written",
                    {{"path", out_path.string()}});
    }
    for (const fs::path &input : inputs) {
        if (fs::equivalent(input, out_path, ignored)) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        input.string() + " would be overwritten while it is being read; give the new file another name",
                        {{"path", out_path.string()}});
        }
    }
}

} // namespace llmodel
