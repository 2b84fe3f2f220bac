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
inline Floats load_halves(const uint16_t *from) {
#if defined(__AVX512F__)
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)));
#elif defined(__F16C__)
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(from)));
#else
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
#endif
}
#endif

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
