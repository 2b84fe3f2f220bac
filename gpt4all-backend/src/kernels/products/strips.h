#pragma once

// How the tiles of a matrix are divided among threads.

#include <algorithm>
#include <cstdint>

namespace llmodel::kernels::products {

/** Tiles one behind the other, which one thread multiplies. */
struct Strip {
    int64_t first;
    int64_t end;
};

/**
 * Strips of at most `largest` tiles. They get smaller towards the end of the matrix if `tapering`: threads then end
 * together though one of them is slow, and still ask for work seldom.
 */
class Strips {
  public:
    Strips(int64_t tiles, int64_t largest, int threads, bool tapering)
        : tiles_(tiles), largest_(largest), threads_(threads), tapering_(tapering) {}

    int64_t count() const {
        if (!tapering_) {
            return (tiles_ + largest_ - 1) / largest_;
        }
        int64_t strips = 0;
        for (int64_t first = 0; first < tiles_; first += size_from(first) * threads_) {
            strips += std::min<int64_t>(threads_, (tiles_ - first + size_from(first) - 1) / size_from(first));
        }
        return strips;
    }

    Strip operator[](int64_t number) const {
        int64_t first = 0;
        while (tapering_ && number >= threads_ && first < tiles_) {
            first += size_from(first) * threads_;
            number -= threads_;
        }
        const int64_t size = size_from(first);
        first = std::min(first + number * size, tiles_);
        return {.first = first, .end = std::min(first + size, tiles_)};
    }

  private:
    /** Of the next strips, one for each thread. */
    int64_t size_from(int64_t first) const {
        return tapering_ ? std::clamp<int64_t>((tiles_ - first) / (2 * threads_), 1, largest_) : largest_;
    }

    int64_t tiles_;
    int64_t largest_;
    int64_t threads_;
    bool tapering_;
};

} // namespace llmodel::kernels::products
