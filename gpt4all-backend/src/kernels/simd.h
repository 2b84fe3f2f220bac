#pragma once

// Vectors of single precision in the width of the processor that a module is compiled for, in the vector extensions
// that GCC and Clang share. Only what these lack is written for each kind of processor.

#include <cstdint>
#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace llmodel::kernels {

#if defined(__AVX512F__)
constexpr int lanes = 16;
constexpr int registers = 32;
#elif defined(__AVX__)
constexpr int lanes = 8;
constexpr int registers = 16;
#elif defined(__ARM_NEON) && defined(__aarch64__)
constexpr int lanes = 4;
constexpr int registers = 32;
#else
constexpr int lanes = 4;
constexpr int registers = 16;
#endif

typedef float Floats __attribute__((vector_size(lanes * sizeof(float))));
typedef int32_t Ints __attribute__((vector_size(lanes * sizeof(int32_t))));

inline Floats load(const float *from) {
    Floats loaded;
    std::memcpy(&loaded, from, sizeof(loaded));
    return loaded;
}

#if defined(__F16C__) || defined(__AVX512F__) || (defined(__ARM_NEON) && defined(__aarch64__))
#define LLMODEL_LOADS_HALVES

/** As many numbers of half precision. */
typedef uint16_t Halves __attribute__((vector_size(lanes * sizeof(uint16_t))));

inline Floats widen(Halves halves) {
#if defined(__AVX512F__)
    return _mm512_cvtph_ps(reinterpret_cast<__m256i>(halves));
#elif defined(__F16C__)
    return _mm256_cvtph_ps(reinterpret_cast<__m128i>(halves));
#else
    return vcvt_f32_f16(reinterpret_cast<float16x4_t>(halves));
#endif
}

inline Floats load_halves(const uint16_t *from) {
    Halves loaded;
    std::memcpy(&loaded, from, sizeof(loaded));
    return widen(loaded);
}
#endif

/** As many signed numbers of 8 bits. */
inline Floats load_bytes(const int8_t *from) {
#if defined(__AVX512F__)
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(from))));
#elif defined(__AVX2__)
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from))));
#else
    Floats loaded;
    for (int lane = 0; lane < lanes; ++lane) {
        loaded[lane] = static_cast<float>(from[lane]);
    }
    return loaded;
#endif
}

inline void store(float *to, Floats vector) {
    std::memcpy(to, &vector, sizeof(vector));
}

inline Floats broadcast(float value) {
#if defined(__AVX512F__)
    return _mm512_set1_ps(value);
#elif defined(__AVX__)
    return _mm256_set1_ps(value);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    return vdupq_n_f32(value);
#else
    return Floats{value, value, value, value};
#endif
}

/** a * b + c: rounded once where the processor can, and then everywhere alike. */
inline Floats multiply_add(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return a * b + c;
#endif
}

/** The larger ones; the second where one is not a number. */
inline Floats larger(Floats a, Floats b) {
    return a > b ? a : b;
}

inline float largest(Floats vector) {
    float found = vector[0];
    for (int lane = 1; lane < lanes; ++lane) {
        found = vector[lane] > found ? vector[lane] : found;
    }
    return found;
}

/** False if one of them is not a number. */
inline bool all_zero(Floats vector) {
    bool found = true;
    for (int lane = 0; lane < lanes; ++lane) {
        found &= vector[lane] == 0.0F;
    }
    return found;
}

/** The first halves of two vectors, taken by turns. */
inline Floats interleave_first(Floats a, Floats b) {
#if defined(__AVX512F__)
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif defined(__AVX__)
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
    return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}

inline Floats interleave_second(Floats a, Floats b) {
#if defined(__AVX512F__)
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif defined(__AVX__)
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
    return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

/** Rows of a square become its columns. */
inline void transpose(Floats (&square)[lanes]) {
    for (int left = lanes; left > 1; left /= 2) {
        Floats shuffled[lanes];
        for (int row = 0; row < lanes / 2; ++row) {
            shuffled[2 * row] = interleave_first(square[row], square[row + lanes / 2]);
            shuffled[2 * row + 1] = interleave_second(square[row], square[row + lanes / 2]);
        }
        std::memcpy(square, shuffled, sizeof(square));
    }
}

#if defined(LLMODEL_LOADS_HALVES)
/** Numbers of half precision at the same place in each of the rows, a vector for each place. */
inline void load_halves_transposed(const uint16_t *const (&rows)[lanes], Floats (&columns)[lanes]) {
    constexpr int together = lanes < 8 ? lanes : 8; // rows that one vector of 128 bits holds a number of
    Halves part[lanes];
    for (int row = 0; row < lanes; ++row) {
        std::memcpy(&part[row], rows[row], sizeof(Halves));
    }
    for (int first = 0; first < lanes; first += together) {
        for (int left = together; left > 1; left /= 2) {
            Halves shuffled[together];
            for (int row = 0; row < together / 2; ++row) {
                const Halves a = part[first + row];
                const Halves b = part[first + row + together / 2];
#if defined(__AVX512F__)
                shuffled[2 * row] =
                    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
                shuffled[2 * row + 1] =
                    __builtin_shufflevector(a, b, 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
#elif defined(__AVX__)
                shuffled[2 * row] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
                shuffled[2 * row + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
                shuffled[2 * row] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
                shuffled[2 * row + 1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
            }
            std::memcpy(part + first, shuffled, sizeof(shuffled));
        }
    }
#if defined(__AVX512F__)
    for (int i = 0; i < 8; ++i) {
        const Halves a = part[i];
        const Halves b = part[i + 8];
        part[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        part[i + 8] = __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    }
#endif
    for (int i = 0; i < lanes; ++i) {
        columns[i] = widen(part[i]);
    }
}
#endif

/** The same of signed numbers of 8 bits. */
inline void load_bytes_transposed(const int8_t *const (&rows)[lanes], Floats (&columns)[lanes]) {
#if defined(__AVX2__)
    constexpr int vectors = lanes == 16 ? 16 : 4; // of 8 lanes, two rows fill one
    __m128i part[vectors];
    for (int vector = 0; vector < vectors; ++vector) {
        if constexpr (lanes == 16) {
            part[vector] = _mm_loadu_si128(reinterpret_cast<const __m128i *>(rows[vector]));
        } else {
            part[vector] = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(rows[vector])),
                                             _mm_loadl_epi64(reinterpret_cast<const __m128i *>(rows[vector + 4])));
        }
    }
    for (int left = vectors; left > 1; left /= 2) {
        __m128i shuffled[vectors];
        for (int vector = 0; vector < vectors / 2; ++vector) {
            shuffled[2 * vector] = _mm_unpacklo_epi8(part[vector], part[vector + vectors / 2]);
            shuffled[2 * vector + 1] = _mm_unpackhi_epi8(part[vector], part[vector + vectors / 2]);
        }
        std::memcpy(part, shuffled, sizeof(part));
    }
    for (int vector = 0; vector < vectors; ++vector) {
#if defined(__AVX512F__)
        columns[vector] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(part[vector]));
#else
        const __m128i second = _mm_unpackhi_epi64(part[vector], part[vector]);
        columns[2 * vector] = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(part[vector]));
        columns[2 * vector + 1] = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(second));
#endif
    }
#else
    for (int row = 0; row < lanes; ++row) {
        columns[row] = load_bytes(rows[row]);
    }
    transpose(columns);
#endif
}

/**
 * 2^(x - exponent), 0 where that is below 2^-126. For whole exponents that differ, the results differ by a power of two
 * and by nothing else.
 *
 * x: from -2^30 to 2^30, not below what makes the result exceed 2; not a number gives the same.
 */
inline Floats exp2_below(Floats x, Ints exponent) {
    Ints whole = __builtin_convertvector(x, Ints); // towards zero
    whole += __builtin_convertvector(whole, Floats) > x;
    const Floats part = x - __builtin_convertvector(whole, Floats);

    // 2^part from 0 to 1 to 7e-8 of it, and 1 at 0: fitted by weighted least squares, the weights raised where it was
    // off
    Floats power = broadcast(0.00021612914861179888F);
    power = multiply_add(power, part, broadcast(0.0012467845808714628F));
    power = multiply_add(power, part, broadcast(0.009675451554358006F));
    power = multiply_add(power, part, broadcast(0.055485282093286514F));
    power = multiply_add(power, part, broadcast(0.2402293086051941F));
    power = multiply_add(power, part, broadcast(0.6931470632553101F));
    power = multiply_add(power, part, broadcast(1.0F));

    const Ints scale = whole - exponent;
    Ints bits;
    std::memcpy(&bits, &power, sizeof(bits));
    bits += scale << 23;
    bits = scale < -126 ? Ints{} : bits;
    Floats result;
    std::memcpy(&result, &bits, sizeof(result));
    return part == part ? result : part;
}

} // namespace llmodel::kernels
