#pragma once

#include "legacy/rows.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct XXH3_state_s;

namespace llmodel::legacy {

/** A name for what files contain, computed while they are being read for something else: XXH3 of 128 bits, with a seed
 *  that makes it impossible to prepare files that get the same name. */
class ContentHash {
  public:
    /** `sources` must outlive it. */
    ContentHash(const Sources &sources, std::uint64_t seed);

    /** Takes the first file's bytes up to `offset`, which were read a moment ago and are still in memory. */
    void advance_to(std::uint64_t offset);

    /** Takes all the rest, and gives 32 hexadecimal digits. */
    std::string finish();

  private:
    void take(ByteSource &source, std::uint64_t begin, std::uint64_t end);

    const Sources &sources_;
    std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s *)> state_;
    std::vector<std::byte> buffer_;
    std::uint64_t done_ = 0; // of the first file
};

} // namespace llmodel::legacy
