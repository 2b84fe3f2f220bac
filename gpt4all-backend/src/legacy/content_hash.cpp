#include "legacy/content_hash.h"

#include "hash/xxhash/xxhash.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <span>

namespace llmodel::legacy {

ContentHash::ContentHash(const Sources &sources, std::uint64_t seed)
    : sources_(sources), state_(XXH3_createState(), [](XXH3_state_s *state) { XXH3_freeState(state); }),
      buffer_(std::size_t{1} << 20) {
    if (!state_) {
        throw std::bad_alloc();
    }
    XXH3_128bits_reset_withSeed(state_.get(), seed);
    for (const auto &source : sources) { // where one file ends and the next begins is part of the content
        const std::uint64_t size = source->size();
        XXH3_128bits_update(state_.get(), &size, sizeof size);
    }
}

void ContentHash::take(ByteSource &source, std::uint64_t begin, std::uint64_t end) {
    while (begin < end) {
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, buffer_.size()));
        source.read(begin, std::span(buffer_).first(some));
        XXH3_128bits_update(state_.get(), buffer_.data(), some);
        begin += some;
    }
}

void ContentHash::advance_to(std::uint64_t offset) {
    if (offset > done_) {
        take(*sources_.front(), done_, offset);
        done_ = offset;
    }
}

std::string ContentHash::finish() {
    advance_to(sources_.front()->size());
    for (std::size_t i = 1; i < sources_.size(); ++i) {
        take(*sources_[i], 0, sources_[i]->size());
    }
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
    std::string text;
    for (const unsigned char byte : canonical.digest) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        text += digits.data();
    }
    return text;
}

} // namespace llmodel::legacy
