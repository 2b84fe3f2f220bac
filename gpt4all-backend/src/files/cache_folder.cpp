#include "files/cache_folder.h"

#include "platform/home_folder.h"

#include <cstdlib>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

std::string variable(const char *name) {
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nothing here sets variables
    return value == nullptr ? "" : value;
}

/** "~" and "~/…" are the user's folder, as in a shell. */
fs::path expand_user(const std::string &path) {
    const bool is_users = path == "~" || path.starts_with("~/");
    return is_users ? fs::path(home_folder() + path.substr(1)) : fs::path(path);
}

} // namespace

fs::path cache_folder(const std::string &cache_dir) {
    const std::string named = cache_dir.empty() ? variable("GPT4ALL_CACHE") : cache_dir;
    return expand_user(named.empty() ? "~/.cache/gpt4all" : named);
}

} // namespace llmodel
