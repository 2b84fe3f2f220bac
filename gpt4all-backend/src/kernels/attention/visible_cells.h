#pragma once

#include "ggml.h"
#include "kernels/simd.h"

#include <cstdint>

namespace llmodel::kernels::attention {

/** Cells by 64, the first one the lowest bit. */
using CellBits = uint64_t;
constexpr int64_t cells_in_bits = 64;

/** Sets a bit for each cell whose mask is not -inf. Returns whether the mask of one of these is not 0. */
inline bool find_visible(const ggml_fp16_t *mask, int64_t cells, CellBits *bits) {
    constexpr uint16_t hidden = 0xFC00;
    bool weighed = false;
    for (int64_t first = 0; first < cells; first += cells_in_bits) {
        CellBits found = 0;
        const int64_t count = cells - first < cells_in_bits ? cells - first : cells_in_bits;
        const ggml_fp16_t *from = mask + first;
        int64_t cell = 0;
#if defined(__AVX512BW__)
        for (; cell + 32 <= count; cell += 32) {
            const __m512i values = _mm512_loadu_si512(from + cell);
            const __mmask32 visible = _mm512_cmpneq_epi16_mask(values, _mm512_set1_epi16(static_cast<short>(hidden)));
            found |= static_cast<CellBits>(visible) << cell;
            weighed |= _mm512_mask_test_epi16_mask(visible, values, _mm512_set1_epi16(0x7FFF)) != 0;
        }
#elif defined(__AVX2__)
        for (; cell + 16 <= count; cell += 16) {
            __m256i values;
            std::memcpy(&values, from + cell, sizeof(values));
            const __m256i masked = _mm256_cmpeq_epi16(values, _mm256_set1_epi16(static_cast<short>(hidden)));
            const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(masked), _mm256_extracti128_si256(masked, 1));
            found |= static_cast<CellBits>(~_mm_movemask_epi8(bytes) & 0xFFFF) << cell;
            const __m256i other = _mm256_andnot_si256(masked, _mm256_and_si256(values, _mm256_set1_epi16(0x7FFF)));
            weighed |= _mm256_testz_si256(other, other) == 0;
        }
#endif
        for (; cell < count; ++cell) {
            const bool visible = from[cell] != hidden;
            found |= static_cast<CellBits>(visible) << cell;
            weighed |= visible && (from[cell] & 0x7FFF) != 0;
        }
        bits[first / cells_in_bits] = found;
    }
    return weighed;
}

/** The cells of a set one after the other, some at a time. */
class CellWalk {
  public:
    CellWalk(const CellBits *bits, int64_t words) : bits_(bits), words_(words), left_(words > 0 ? bits[0] : 0) {}

    /** Up to `limit` cells; how many. */
    int next(int64_t *cells, int limit) {
        int count = 0;
        while (count < limit) {
            while (left_ == 0) {
                if (++word_ >= words_) {
                    word_ = words_;
                    return count;
                }
                left_ = bits_[word_];
            }
            cells[count++] = word_ * cells_in_bits + __builtin_ctzll(left_);
            left_ &= left_ - 1;
        }
        return count;
    }

  private:
    const CellBits *bits_;
    int64_t words_;
    int64_t word_ = 0;
    CellBits left_;
};

/** Which of these cells are in the set: the first one the lowest bit. */
inline CellBits choose_bits(const CellBits *bits, const int64_t *cells, int count, bool ascending) {
    const CellBits all = count == cells_in_bits ? ~CellBits{0} : (CellBits{1} << count) - 1;
    if (ascending && cells[count - 1] - cells[0] == count - 1) { // one stretch
        const int64_t word = cells[0] / cells_in_bits;
        const int offset = static_cast<int>(cells[0] % cells_in_bits);
        CellBits chosen = bits[word] >> offset;
        if (offset > 0 && offset + count > cells_in_bits) {
            chosen |= bits[word + 1] << (cells_in_bits - offset);
        }
        return chosen & all;
    }
    CellBits chosen = 0;
    for (int i = 0; i < count; ++i) {
        chosen |= (bits[cells[i] / cells_in_bits] >> (cells[i] % cells_in_bits) & 1U) << i;
    }
    return chosen;
}

} // namespace llmodel::kernels::attention
