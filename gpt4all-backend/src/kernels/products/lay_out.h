#pragma once

// Rows as a file has them (ggml's blocks) become panels.

#include "kernels/products/format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace llmodel::kernels::products {

/** A group of a row: each word is four neighbouring columns, a byte each. */
struct GroupWords {
    std::array<uint32_t, quads> low;
    std::array<uint32_t, quads> high;
};

namespace detail {

inline uint32_t word_at(const uint8_t *bytes, int number) {
    uint32_t word;
    std::memcpy(&word, bytes + static_cast<ptrdiff_t>(4) * number, sizeof(word));
    return word;
}

constexpr uint32_t each_byte(uint32_t byte) {
    return byte * 0x01010101U;
}

/** Where a block of the file has its quants: behind scales and minimums, and bits of their own. */
template<Format format> constexpr int quants_at() {
    constexpr int halves = 2 * (format.minimums ? 2 : 1);
    if constexpr (format.type == GGML_TYPE_MXFP4) {
        return 1;
    } else if constexpr (format.type == GGML_TYPE_Q4_K) {
        return halves + 12;
    } else if constexpr (format.type == GGML_TYPE_Q5_K) {
        return halves + 12 + 32;
    } else if constexpr (format.type == GGML_TYPE_Q6_K) {
        return 0;
    } else {
        return halves + 4 * format.high_bits;
    }
}

/** Bits 4 * n to 4 * n + 3, one in each byte. */
inline uint32_t spread(uint32_t bits, int n) {
    const uint32_t four = (bits >> (4 * n)) & 0xF;
    return (four & 1) | (four & 2) << 7 | (four & 4) << 14 | (four & 8) << 21;
}

/** Group `number` of a block as the file has it. */
template<Format format> GroupWords words_of(const uint8_t *block, int number) {
    const uint8_t *quants = block + quants_at<format>();
    GroupWords words{};
    for (int quad = 0; quad < quads; ++quad) {
        uint32_t &low = words.low[static_cast<size_t>(quad)];
        uint32_t &high = words.high[static_cast<size_t>(quad)];
        if constexpr (format.low_bits == 8) {
            low = word_at(quants, quad) ^ each_byte(0x80); // of signed numbers ones without sign
        } else if constexpr (format.type == GGML_TYPE_Q6_K) {
            // 128 columns in 64 bytes of low bits and 32 of high: four groups
            const int half = number / 4;
            const int part = number % 4;
            low = word_at(quants + ptrdiff_t{64} * half + ptrdiff_t{32} * (part % 2), quad) >> (part < 2 ? 0 : 4) &
                  each_byte(0xF);
            high = word_at(quants + 128 + ptrdiff_t{32} * half, quad) >> (2 * part) & each_byte(3);
        } else if constexpr (format.block_columns == 256) {
            // two groups in 32 bytes
            low = word_at(quants + ptrdiff_t{32} * (number / 2), quad) >> (number % 2 * 4) & each_byte(0xF);
            if constexpr (format.high_bits == 1) {
                high = word_at(quants - 32, quad) >> number & each_byte(1);
            }
        } else {
            low = word_at(quants, quad % 4) >> (quad < 4 ? 0 : 4) & each_byte(0xF);
            if constexpr (format.high_bits == 1) {
                high = spread(word_at(quants - 4, 0), quad);
            }
        }
    }
    return words;
}

/** A word of row 0 is at `to`. */
template<Format format> void put_group(const GroupWords &words, uint8_t *to) {
    const auto put = [](uint8_t *at, uint32_t word) { std::memcpy(at, &word, sizeof(word)); };
    if constexpr (format.low_bits == 8) {
        for (size_t quad = 0; quad < quads; ++quad) {
            put(to + quad * vector_bytes, words.low[quad]);
        }
        return;
    }
    for (size_t quad = 0; quad < quads / 2; ++quad) {
        put(to + quad * vector_bytes, words.low[quad] | words.low[quad + quads / 2] << 4);
    }
    to += format.low_bytes();
    constexpr size_t in_byte = format.high_bits == 0 ? quads : 8 / format.high_bits; // quads that share a vector
    for (size_t first = 0; first < quads && format.high_bits > 0; first += in_byte) {
        uint32_t word = 0;
        for (size_t i = 0; i < in_byte; ++i) {
            word |= words.high[first + i] << (i * format.high_bits);
        }
        put(to + first / in_byte * vector_bytes, word);
    }
}

/** The head of a block for one row. */
template<Format format> void put_head(const uint8_t *block, uint8_t *head, int row) {
    const auto half = [&](int at, int number) {
        std::memcpy(head + static_cast<ptrdiff_t>(number) * 2 * panel_rows + static_cast<ptrdiff_t>(2) * row,
                    block + at, 2);
    };
    const auto bytes = [&](int at, int count, int first) {
        for (int i = 0; i < count; ++i) {
            head[first + i * panel_rows + row] = block[at + i];
        }
    };
    if constexpr (format.type == GGML_TYPE_MXFP4) {
        bytes(0, 1, 0);
    } else if constexpr (format.type == GGML_TYPE_Q6_K) {
        half(208, 0);
        bytes(192, 16, 2 * panel_rows);
    } else {
        half(0, 0);
        if constexpr (format.minimums) {
            half(2, 1);
        }
        if constexpr (format.block_columns == 256) {
            bytes(4, 12, 4 * panel_rows);
        }
    }
}

} // namespace detail

/** Rows that are missing in the last panel are zeros, and so is what lies between heads and quants. */
template<Format format>
void lay_out_panel(const uint8_t *rows, size_t row_bytes, int count, int64_t columns, uint8_t *panel) {
    const size_t block_bytes = row_bytes / static_cast<size_t>(columns / format.block_columns);
    uint8_t *head = panel;
    uint8_t *quants = panel + format.heads_bytes(columns);
    if (count < panel_rows) {
        std::fill_n(panel, format.panel_bytes(columns), uint8_t{0});
    }
    std::fill(quants - (vector_bytes - 1), quants, uint8_t{0}); // some of which the heads take
    for (int64_t block = 0; block < columns / format.block_columns; ++block) {
        for (int row = 0; row < count; ++row) {
            const uint8_t *from =
                rows + static_cast<size_t>(row) * row_bytes + static_cast<size_t>(block) * block_bytes;
            detail::put_head<format>(from, head, row);
            for (int group = 0; group < format.block_groups(); ++group) {
                detail::put_group<format>(detail::words_of<format>(from, group),
                                          quants + ptrdiff_t{group} * format.group_bytes() + ptrdiff_t{4} * row);
            }
        }
        head += format.head_bytes;
        quants += static_cast<ptrdiff_t>(format.block_groups()) * format.group_bytes();
    }
}

} // namespace llmodel::kernels::products
