#pragma once

// Keys and values of the types that caches usually have, as they are loaded into vectors.

#include "ggml.h"
#include "kernels/simd.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace llmodel::kernels::attention {

constexpr int block_size = 64; // cells

#if defined(LLMODEL_LOADS_HALVES)
struct HalfKeys {
    void load(const char *const *keys, int64_t at, Floats (&columns)[lanes]) const {
        const ggml_fp16_t *from[lanes];
        for (int lane = 0; lane < lanes; ++lane) {
            from[lane] = reinterpret_cast<const ggml_fp16_t *>(keys[lane]) + at;
        }
        load_halves_transposed(from, columns);
    }
};

struct HalfValues {
    static Floats load(const char *value, int64_t at) {
        return load_halves(reinterpret_cast<const ggml_fp16_t *>(value) + at);
    }
};

/** ggml's block_q8_0: 32 numbers of 8 bits behind their scale in half precision. */
namespace q8_0 {

constexpr int numbers = 32;
constexpr int64_t bytes = sizeof(ggml_fp16_t) + numbers;

inline const char *block_of(const char *row, int64_t at) {
    return row + at / numbers * bytes;
}

inline const int8_t *numbers_of(const char *row, int64_t at) {
    return reinterpret_cast<const int8_t *>(block_of(row, at) + sizeof(ggml_fp16_t) + at % numbers);
}

/** Of as many rows' blocks. */
inline Floats scales_of(const char *const *rows, int64_t at) {
    ggml_fp16_t scales[lanes];
    for (int lane = 0; lane < lanes; ++lane) {
        std::memcpy(scales + lane, block_of(rows[lane], at), sizeof(ggml_fp16_t));
    }
    return load_halves(scales);
}

} // namespace q8_0

struct Q8_0Keys {
    Floats scales{};

    void load(const char *const *keys, int64_t at, Floats (&columns)[lanes]) {
        if (at % q8_0::numbers == 0) {
            scales = q8_0::scales_of(keys, at);
        }
        const int8_t *from[lanes];
        for (int lane = 0; lane < lanes; ++lane) {
            from[lane] = q8_0::numbers_of(keys[lane], at);
        }
        load_bytes_transposed(from, columns);
        for (Floats &column : columns) {
            column *= scales;
        }
    }
};

struct Q8_0Values {
    static Floats load(const char *value, int64_t at) {
        // what is loaded beside the scale is of the same block
        const Floats scale = load_halves(reinterpret_cast<const ggml_fp16_t *>(q8_0::block_of(value, at)));
        return load_bytes(q8_0::numbers_of(value, at)) * broadcast(scale[0]);
    }
};
#endif

} // namespace llmodel::kernels::attention
