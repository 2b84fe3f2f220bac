#pragma once

#include <algorithm>
#include <cstdint>

namespace llmodel::kernels::attention {

/** A position in a conversation, and the cell that holds it, in one number that sorts as they do. */
using PlacedCell = uint64_t;

inline PlacedCell place(int32_t position, int64_t cell) {
    return static_cast<PlacedCell>(static_cast<uint32_t>(position)) << 32U | static_cast<PlacedCell>(cell);
}

/** Looked at some at a time, so that this takes vectors. */
inline bool ascends(const int32_t *positions, int64_t count) {
    constexpr int64_t some = 1024;
    for (int64_t first = 1; first < count; first += some) {
        const int64_t end = std::min(first + some, count);
        int32_t falls = 0;
        for (int64_t i = first; i < end; ++i) {
            falls |= static_cast<int32_t>(positions[i] < positions[i - 1]);
        }
        if (falls != 0) {
            return false;
        }
    }
    return true;
}

/** Sorts by merging neighbours that ascend: a conversation has few of them. Where it put them: one of the two. */
inline const PlacedCell *merge_runs(PlacedCell *from, PlacedCell *to, int64_t count) {
    PlacedCell *end = from + count;
    while (std::is_sorted_until(from, end) != end) {
        PlacedCell *written = to;
        for (const PlacedCell *first = from; first != end;) {
            const PlacedCell *second = std::is_sorted_until(first, static_cast<const PlacedCell *>(end));
            const PlacedCell *rest = std::is_sorted_until(second, static_cast<const PlacedCell *>(end));
            written = std::merge(first, second, second, rest, written);
            first = rest;
        }
        std::swap(from, to);
        end = from + count;
    }
    return from;
}

/** Sorted cells one after the other, some at a time. */
class SortedCells {
  public:
    SortedCells() = default;
    SortedCells(const PlacedCell *placed, int64_t count) : next_(placed), end_(placed + count) {}

    /** Up to `limit` cells; how many. */
    int next(int64_t *cells, int limit) {
        int count = 0;
        for (; count < limit && next_ != end_; ++count) {
            cells[count] = static_cast<uint32_t>(*next_++);
        }
        return count;
    }

  private:
    const PlacedCell *next_ = nullptr;
    const PlacedCell *end_ = nullptr;
};

} // namespace llmodel::kernels::attention
