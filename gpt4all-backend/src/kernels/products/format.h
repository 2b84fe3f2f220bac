#pragma once

// How weights are laid out for products: 16 rows of a matrix make a panel. Of its rows, four neighbouring columns each
// make 64 bytes, which is what one instruction of every processor's multiplies with four numbers of an input: sums for
// 16 rows, and none of them across a vector. Bits are as many as in the file, so that a matrix takes the same memory.
//
// A panel is first the heads of its blocks (scales), then their quants by groups of 32 columns: the low four bits of
// columns 0 to 15 and 16 to 31 in the halves of a byte, then the bits above them.

#include "ggml.h"

#include <cstddef>
#include <cstdint>

namespace llmodel::kernels::products {

/** Of the buffers whose weights are laid out like this. */
inline constexpr const char *buffer_name = "CPU_PANELS";

/** Goes up by one when the same weights are laid out in another way: files of them are kept. */
constexpr int layout_version = 1;

constexpr int panel_rows = 16;
constexpr int group_columns = 32;
constexpr int quads = group_columns / 4; // of columns, in a group
constexpr int vector_bytes = panel_rows * 4;

/** What a type of weights is made of. value = scale * (quant - offset) + minimum. */
struct Format {
    ggml_type type;
    int block_columns;    // which share a head
    int head_bytes;       // of 16 rows
    int low_bits;         // 4, or 8 if there are no others
    int high_bits;        // 0, 1 or 2
    int scale_columns;    // which share a scale: 32 or 16
    bool minimums;        // one for each group of columns
    int offset;           // of quants as they are multiplied
    int largest;          // of these
    bool looked_up;       // quants are numbers in a table
    int activation_scale; // columns of an input that share a scale: 32 or 256

    constexpr int block_groups() const { return block_columns / group_columns; }
    constexpr int low_bytes() const { return panel_rows * group_columns * low_bits / 8; }
    constexpr int group_bytes() const { return low_bytes() + panel_rows * group_columns * high_bits / 8; }
    constexpr int scales_per_group() const { return group_columns / scale_columns; }

    size_t heads_bytes(int64_t columns) const {
        const auto size = static_cast<size_t>(columns / block_columns * head_bytes);
        return (size + vector_bytes - 1) / vector_bytes * vector_bytes;
    }
    size_t panel_bytes(int64_t columns) const {
        return heads_bytes(columns) + static_cast<size_t>(columns / group_columns * group_bytes());
    }
    static int64_t panels(int64_t rows) { return (rows + panel_rows - 1) / panel_rows; }
    size_t matrix_bytes(int64_t columns, int64_t rows) const {
        return static_cast<size_t>(panels(rows)) * panel_bytes(columns);
    }
};

// clang-format off
//                                             columns head low high scale minimum offset largest table input
inline constexpr Format q4_0  {GGML_TYPE_Q4_0,      32,  32, 4, 0, 32, false,   8,  15, false,  32};
inline constexpr Format q4_1  {GGML_TYPE_Q4_1,      32,  64, 4, 0, 32, true,    0,  15, false,  32};
inline constexpr Format q5_0  {GGML_TYPE_Q5_0,      32,  32, 4, 1, 32, false,  16,  31, false,  32};
inline constexpr Format q5_1  {GGML_TYPE_Q5_1,      32,  64, 4, 1, 32, true,    0,  31, false,  32};
inline constexpr Format q8_0  {GGML_TYPE_Q8_0,      32,  32, 8, 0, 32, false, 128, 255, false,  32};
inline constexpr Format iq4_nl{GGML_TYPE_IQ4_NL,    32,  32, 4, 0, 32, false, 128, 241, true,   32};
inline constexpr Format mxfp4 {GGML_TYPE_MXFP4,     32,  16, 4, 0, 32, false,  12,  24, true,   32};
inline constexpr Format q4_k  {GGML_TYPE_Q4_K,     256, 256, 4, 0, 32, true,    0,  15, false, 256};
inline constexpr Format q5_k  {GGML_TYPE_Q5_K,     256, 256, 4, 1, 32, true,    0,  31, false, 256};
inline constexpr Format q6_k  {GGML_TYPE_Q6_K,     256, 288, 4, 2, 16, false,  32,  63, false, 256};
// clang-format on

namespace detail {

template<Format... formats, typename Use> bool with_one_of(ggml_type type, const Use &use) {
    return ((type == formats.type && (use.template operator()<formats>(), true)) || ...);
}

} // namespace detail

/** Calls `use` with a type's format as a constant; false if there is none. */
template<typename Use> bool with_format(ggml_type type, const Use &use) {
    return detail::with_one_of<q4_0, q4_1, q5_0, q5_1, q8_0, iq4_nl, mxfp4, q4_k, q5_k, q6_k>(type, use);
}

/** Null if the type has none. */
inline const Format *format_of(ggml_type type) {
    const Format *found = nullptr;
    with_format(type, [&]<Format format>() {
        static constexpr Format kept = format;
        found = &kept;
    });
    return found;
}

} // namespace llmodel::kernels::products
