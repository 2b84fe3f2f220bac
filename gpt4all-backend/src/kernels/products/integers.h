#pragma once

// Sums of products of small integers, by what the processor has for them. Integer sums are exact, so that all give the
// same.

#include "kernels/products/format.h"
#include "kernels/simd.h"

#include <cstdint>
#include <cstring>

#if (defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)) ||                                                    \
    (defined(__ARM_NEON) && defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD))
#define LLMODEL_HAS_PRODUCTS
#endif

#ifdef LLMODEL_HAS_PRODUCTS

namespace llmodel::kernels::products {

typedef uint8_t Bytes __attribute__((vector_size(lanes * 4)));

#if (defined(__AVX512VNNI__) && defined(__AVX512VL__)) || defined(__AVXVNNI__)
#define LLMODEL_VNNI
constexpr bool wide_without_sign = true;
#else
constexpr bool wide_without_sign = false;
#endif

/** Whether quants take all of a byte, so that a processor that adds up in 16 bits takes them with their sign. */
template<Format format> constexpr bool is_wide() {
    return format.largest > 63;
}

/** What is still to be taken from quants as they are multiplied. */
template<Format format> constexpr int quant_offset() {
    return is_wide<format>() && !wide_without_sign ? 0 : format.offset;
}

/** What a product has to know of a format: formats that are multiplied alike share it. */
struct Kind {
    int scale_columns;
    int activation_scale;
    bool minimums;
    bool corrected; // by what the offset of the quants comes to
    int room;       // products that 16 bits have room for; quants have a sign where it is 1

    constexpr int scales_per_group() const { return group_columns / scale_columns; }
};

template<Format format> constexpr Kind kind_of() {
#if defined(__AVX2__) && !defined(LLMODEL_VNNI)
    constexpr int most = is_wide<format>() ? 1 : 32767 / (2 * 128 * format.largest);
    constexpr int room = most >= 8 ? 8 : most >= 4 ? 4 : most;
#else
    constexpr int room = 0;
#endif
    return {format.scale_columns, format.activation_scale, format.minimums, quant_offset<format>() != 0, room};
}

inline Bytes load_bytes(const uint8_t *from) {
    Bytes loaded;
    std::memcpy(&loaded, from, sizeof(loaded));
    return loaded;
}

/** Four bytes of an input, in each lane. */
inline Bytes broadcast_quad(const int8_t *from) {
    int32_t quad;
    std::memcpy(&quad, from, sizeof(quad));
    const Ints all = Ints{} + quad;
    Bytes bytes;
    std::memcpy(&bytes, &all, sizeof(bytes));
    return bytes;
}

/** Adds up products of quads of quants with an input's. */
template<Kind kind> class Dot {
  public:
    void start(int32_t correction);
    void add(Bytes weights, Bytes input);
    Ints sum();

  private:
    Ints sum_;
#if defined(__AVX2__) && !defined(LLMODEL_VNNI)
    // Pairs of products that are not yet added to sum_. Loops are unrolled, so that counting costs nothing.
    Ints pairs_;
    int32_t correction_;
    int held_;
    bool flushed_;
    void flush();
#endif
};

#if defined(__AVX2__) && !defined(LLMODEL_VNNI)
template<Kind kind> inline __attribute__((always_inline)) void Dot<kind>::start(int32_t correction) {
    correction_ = correction;
    held_ = 0;
    flushed_ = false;
}
#else
template<Kind kind> inline __attribute__((always_inline)) void Dot<kind>::start(int32_t correction) {
    sum_ = Ints{} + correction;
}
#endif

#if defined(__ARM_NEON) && defined(__aarch64__)

template<Kind kind> inline __attribute__((always_inline)) void Dot<kind>::add(Bytes weights, Bytes input) {
    sum_ = vdotq_s32(sum_, vreinterpretq_s8_u8(weights), vreinterpretq_s8_u8(input));
}
template<Kind kind> inline __attribute__((always_inline)) Ints Dot<kind>::sum() {
    return sum_;
}

#elif defined(LLMODEL_VNNI)

template<Kind kind> inline __attribute__((always_inline)) void Dot<kind>::add(Bytes weights, Bytes input) {
#if defined(__AVX512F__)
    sum_ = reinterpret_cast<Ints>(_mm512_dpbusd_epi32(
        reinterpret_cast<__m512i>(sum_), reinterpret_cast<__m512i>(weights), reinterpret_cast<__m512i>(input)));
#elif defined(__AVXVNNI__)
    sum_ = reinterpret_cast<Ints>(_mm256_dpbusd_avx_epi32(
        reinterpret_cast<__m256i>(sum_), reinterpret_cast<__m256i>(weights), reinterpret_cast<__m256i>(input)));
#endif
}
template<Kind kind> inline __attribute__((always_inline)) Ints Dot<kind>::sum() {
    return sum_;
}

#else

template<Kind kind> inline __attribute__((always_inline)) void Dot<kind>::flush() {
#if defined(__AVX512BW__)
    const auto some =
        reinterpret_cast<Ints>(_mm512_madd_epi16(reinterpret_cast<__m512i>(pairs_), _mm512_set1_epi16(1)));
#else
    const auto some =
        reinterpret_cast<Ints>(_mm256_madd_epi16(reinterpret_cast<__m256i>(pairs_), _mm256_set1_epi16(1)));
#endif
    sum_ = flushed_ ? sum_ + some : some;
    flushed_ = true;
    held_ = 0;
}

template<Kind kind> inline __attribute__((always_inline)) void Dot<kind>::add(Bytes weights, Bytes input) {
#if defined(__AVX512BW__)
    const auto w = reinterpret_cast<__m512i>(weights);
    const auto x = reinterpret_cast<__m512i>(input);
    __m512i products;
    if constexpr (kind.room == 1) {
        // the magnitude of one, its sign with the other
        const __m512i with_sign = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x);
        products = _mm512_maddubs_epi16(_mm512_abs_epi8(w), with_sign);
    } else {
        products = _mm512_maddubs_epi16(w, x);
    }
    pairs_ = held_ == 0 ? reinterpret_cast<Ints>(products)
                        : reinterpret_cast<Ints>(_mm512_add_epi16(reinterpret_cast<__m512i>(pairs_), products));
#else
    const auto w = reinterpret_cast<__m256i>(weights);
    const auto x = reinterpret_cast<__m256i>(input);
    const __m256i products =
        kind.room == 1 ? _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)) : _mm256_maddubs_epi16(w, x);
    pairs_ = held_ == 0 ? reinterpret_cast<Ints>(products)
                        : reinterpret_cast<Ints>(_mm256_add_epi16(reinterpret_cast<__m256i>(pairs_), products));
#endif
    // A compiler that adds up in another order needs more registers than there are.
#if defined(__AVX512F__)
    asm("" : "+v"(pairs_));
#else
    asm("" : "+x"(pairs_));
#endif
    if (++held_ == kind.room) {
        flush();
    }
}

template<Kind kind> inline __attribute__((always_inline)) Ints Dot<kind>::sum() {
    if (held_ > 0) {
        flush();
    }
    return !kind.corrected ? sum_ : sum_ + correction_;
}

#endif

} // namespace llmodel::kernels::products

#endif
