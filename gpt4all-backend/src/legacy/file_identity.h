#pragma once

#include "error.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace llmodel::legacy {

/** What tells whether a file is still the one that it was. */
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;       /**< Bytes. */
    std::int64_t modified_ns = 0; /**< Nanoseconds since 1970. */

    bool operator==(const FileIdentity &) const = default;

    /** A name for it, of 32 hexadecimal digits. */
    std::string name() const;

    json to_json() const;
    /** An empty one for JSON that is not an identity. */
    static FileIdentity from_json(const json &value);
};

/** Throws Error(LLMODEL_NOT_FOUND or LLMODEL_IO). */
FileIdentity identity_of(const std::filesystem::path &path);

/** Waits until a change of the file would show in its identity: clocks of file systems tick some hundred times a
 *  second. */
void settle(const FileIdentity &identity);

} // namespace llmodel::legacy
