#pragma once

#include "ggml-cpu.h"
#include "ggml.h"

#include <cstdint>
#include <cstring>

namespace llmodel::kernels {

using ToFloats = void (*)(const void *, float *, int64_t);

namespace detail {

inline void halves_to_floats(const void *from, float *to, int64_t count) {
    ggml_cpu_fp16_to_fp32(static_cast<const ggml_fp16_t *>(from), to, count);
}

inline void bfloats_to_floats(const void *from, float *to, int64_t count) {
    ggml_cpu_bf16_to_fp32(static_cast<const ggml_bf16_t *>(from), to, count);
}

inline void copy_floats(const void *from, float *to, int64_t count) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
}

} // namespace detail

/** Null if the type cannot be turned into single precision. */
inline ToFloats reader_of(ggml_type type) {
    switch (type) {
    case GGML_TYPE_F32:
        return detail::copy_floats;
    case GGML_TYPE_F16:
        return detail::halves_to_floats;
    case GGML_TYPE_BF16:
        return detail::bfloats_to_floats;
    default:
        return ggml_get_type_traits(type)->to_float;
    }
}

} // namespace llmodel::kernels
