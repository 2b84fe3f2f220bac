#include "legacy/file_identity.h"

#include "hash/xxhash/xxhash.h"
#include "platform/file_status.h"

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <system_error>
#include <thread>

namespace llmodel::legacy {

namespace {

constexpr std::int64_t tick_ns = 20'000'000;

} // namespace

std::string FileIdentity::name() const {
    const std::array<std::uint64_t, 4> words{device, inode, size, static_cast<std::uint64_t>(modified_ns)};
    const XXH128_hash_t hash = XXH3_128bits(words.data(), sizeof words);
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64, std::uint64_t{hash.high64},
                  std::uint64_t{hash.low64});
    return text.data();
}

json FileIdentity::to_json() const {
    return {{"device", device}, {"inode", inode}, {"size", size}, {"modified_ns", modified_ns}};
}

FileIdentity FileIdentity::from_json(const json &value) {
    const auto number = [&](const char *key) {
        return value.is_object() && value.contains(key) && value[key].is_number_integer() ? value[key] : json(0);
    };
    return {number("device").get<std::uint64_t>(), number("inode").get<std::uint64_t>(),
            number("size").get<std::uint64_t>(), number("modified_ns").get<std::int64_t>()};
}

FileIdentity identity_of(const std::filesystem::path &path) {
    try {
        const FileStatus status = file_status(path);
        return {status.device, status.inode, status.size, status.modified_ns};
    } catch (const std::system_error &error) {
        throw Error(error.code() == std::errc::no_such_file_or_directory ? LLMODEL_NOT_FOUND : LLMODEL_IO,
                    "cannot access '" + path.string() + "': " + error.code().message(),
                    {{"path", path.string()}, {"errno", error.code().value()}});
    }
}

void settle(const FileIdentity &identity) {
    using namespace std::chrono;
    const std::int64_t now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
    const std::int64_t age = now - identity.modified_ns;
    if (age >= 0 && age < tick_ns) {
        std::this_thread::sleep_for(nanoseconds(tick_ns - age));
    }
}

} // namespace llmodel::legacy
