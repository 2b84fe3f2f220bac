#pragma once

// Groups of a panel as the kernels take them: a byte for each quant, scales in single precision.

#include "kernels/products/activations.h"
#include "kernels/products/format.h"
#include "kernels/products/integers.h"
#include "kernels/simd.h"

#include <array>
#include <cstdint>
#include <cstring>

#ifdef LLMODEL_HAS_PRODUCTS

namespace llmodel::kernels::products {

constexpr int panel_vectors = panel_rows / lanes; // which hold a number for each row

/** Up to 256 columns of a panel. */
struct alignas(64) Chunk {
    std::array<std::array<uint8_t, static_cast<size_t>(quads) * vector_bytes>, chunk_groups> quants;
    std::array<std::array<float, panel_rows>, static_cast<size_t>(2) * chunk_groups> scales;
    std::array<std::array<float, panel_rows>, chunk_groups> minimums;
};

/** Where the blocks of a panel are. */
struct Panel {
    const uint8_t *heads;
    const uint8_t *quants;
};

namespace detail {

typedef uint8_t RowBytes __attribute__((vector_size(panel_rows)));

inline RowBytes load_row_bytes(const uint8_t *from) {
    RowBytes loaded;
    std::memcpy(&loaded, from, sizeof(loaded));
    return loaded;
}

/** A number for each row of a panel. */
struct RowFloats {
    Floats part[panel_vectors];

    void store_at(float *to) const {
        for (int i = 0; i < panel_vectors; ++i) {
            store(to + i * lanes, part[i]);
        }
    }
};

inline RowFloats load_row_halves(const uint8_t *from) {
    RowFloats loaded;
    for (int i = 0; i < panel_vectors; ++i) {
        loaded.part[i] = load_halves(reinterpret_cast<const uint16_t *>(from) + i * lanes);
    }
    return loaded;
}

template<bool with_sign> RowFloats floats_of(RowBytes bytes) {
    RowFloats floats;
    for (int i = 0; i < panel_vectors; ++i) {
#if defined(__AVX512F__)
        const auto whole = reinterpret_cast<__m128i>(bytes);
        floats.part[i] = _mm512_cvtepi32_ps(with_sign ? _mm512_cvtepi8_epi32(whole) : _mm512_cvtepu8_epi32(whole));
#elif defined(__AVX2__)
        const auto whole = reinterpret_cast<__m128i>(bytes);
        const __m128i part = i == 0 ? whole : _mm_unpackhi_epi64(whole, whole);
        floats.part[i] = _mm256_cvtepi32_ps(with_sign ? _mm256_cvtepi8_epi32(part) : _mm256_cvtepu8_epi32(part));
#else
        for (int lane = 0; lane < lanes; ++lane) {
            const uint8_t byte = bytes[i * lanes + lane];
            floats.part[i][lane] = static_cast<float>(with_sign ? static_cast<int8_t>(byte) : static_cast<int>(byte));
        }
#endif
    }
    return floats;
}

inline RowFloats operator*(const RowFloats &a, const RowFloats &b) {
    RowFloats product;
    for (int i = 0; i < panel_vectors; ++i) {
        product.part[i] = a.part[i] * b.part[i];
    }
    return product;
}

inline RowFloats operator-(const RowFloats &a) {
    RowFloats negative;
    for (int i = 0; i < panel_vectors; ++i) {
        negative.part[i] = -a.part[i];
    }
    return negative;
}

/** 2^(e - 128), by OCP's Microscaling Formats (MX) 1.0: half a scale, since the table holds doubled numbers. */
inline RowFloats powers_of_two(RowBytes exponents) {
    alignas(64) uint8_t bytes[panel_rows];
    alignas(64) uint32_t bits[panel_rows];
    std::memcpy(bytes, &exponents, sizeof(bytes));
    for (int row = 0; row < panel_rows; ++row) {
        const uint32_t e = bytes[row];
        bits[row] = e < 2 ? 0x00200000U << e : (e - 1) << 23;
    }
    RowFloats powers;
    std::memcpy(&powers, bits, sizeof(powers));
    return powers;
}

/** A super-block's scales and minimums, 6 bits each: number `group`, as Q4_K and Q5_K pack them in 12 bytes. */
inline void six_bits(const uint8_t *packed, int group, RowBytes &scale, RowBytes &minimum) {
    const auto at = [&](int i) { return load_row_bytes(packed + static_cast<ptrdiff_t>(i) * panel_rows); };
    if (group < 4) {
        scale = at(group) & 63;
        minimum = at(group + 4) & 63;
    } else {
        scale = (at(group + 4) & 15) | (at(group - 4) >> 6 << 4);
        minimum = at(group + 4) >> 4 | (at(group) >> 6 << 4);
    }
}

typedef uint16_t Shorts __attribute__((vector_size(lanes * 4)));

template<int by> Bytes shift_right(Bytes bytes) {
    return reinterpret_cast<Bytes>(reinterpret_cast<Shorts>(bytes) >> by);
}
template<int by> Bytes shift_left(Bytes bytes) {
    return reinterpret_cast<Bytes>(reinterpret_cast<Shorts>(bytes) << by);
}

/** Numbers of a table by indices below 16. */
inline Bytes look_up(const uint8_t (&table)[16], Bytes indices) {
#if defined(__AVX512BW__)
    const __m512i all = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i *>(table)));
    return reinterpret_cast<Bytes>(_mm512_shuffle_epi8(all, reinterpret_cast<__m512i>(indices)));
#elif defined(__AVX2__)
    const __m256i all = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(table)));
    return reinterpret_cast<Bytes>(_mm256_shuffle_epi8(all, reinterpret_cast<__m256i>(indices)));
#else
    return vqtbl1q_u8(vld1q_u8(table), indices);
#endif
}

// What the four bits of IQ4_NL and MXFP4 stand for, with their offset: 128 and 12. Of MXFP4 the doubled numbers.
constexpr uint8_t iq4_nl_table[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
constexpr uint8_t mxfp4_table[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

/** Vector `part` of quad `quad` of a group, whose bits `from` has. */
template<Format format, int quad> inline __attribute__((always_inline)) Bytes quants_of(const uint8_t *from, int part) {
    const ptrdiff_t column = static_cast<ptrdiff_t>(part) * lanes * 4;
    if constexpr (format.low_bits == 8) {
        const Bytes quants = load_bytes(from + quad * vector_bytes + column);
        return is_wide<format>() && !wide_without_sign ? quants ^ 128 : quants;
    } else {
        const Bytes both = load_bytes(from + quad % 4 * vector_bytes + column);
        Bytes quants = (quad < 4 ? both : shift_right<4>(both)) & 15;
        if constexpr (format.type == GGML_TYPE_IQ4_NL) {
            quants = look_up(iq4_nl_table, quants);
            return is_wide<format>() && !wide_without_sign ? quants ^ 128 : quants;
        } else if constexpr (format.type == GGML_TYPE_MXFP4) {
            return look_up(mxfp4_table, quants);
        } else if constexpr (format.high_bits == 1) {
            const Bytes high = load_bytes(from + format.low_bytes() + column);
            return quants | ((quad < 4 ? shift_left<4 - (quad < 4 ? quad : 4)>(high)
                                       : shift_right<(quad < 4 ? 0 : quad - 4)>(high)) &
                             16);
        } else if constexpr (format.high_bits == 2) {
            const Bytes high = load_bytes(from + format.low_bytes() + quad / 4 * vector_bytes + column);
            constexpr int at = 2 * (quad % 4);
            return quants |
                   ((at < 4 ? shift_left<4 - (at < 4 ? at : 4)>(high) : shift_right<(at < 4 ? 0 : at - 4)>(high)) & 48);
        } else {
            return quants;
        }
    }
}

template<typename Use, int... numbers>
inline __attribute__((always_inline)) void for_each(std::integer_sequence<int, numbers...>, const Use &use) {
    (use.template operator()<numbers>(), ...);
}

} // namespace detail

/** Scales and minimums of a group, for each row. */
template<Format format> struct Head {
    detail::RowFloats scales[format.scales_per_group()];
    detail::RowFloats minimums;
};

/** Those of group `group` of a panel. */
template<Format format>
inline __attribute__((always_inline)) Head<format> head_of(const uint8_t *heads, int64_t group) {
    using namespace detail;
    constexpr int groups = format.block_groups();
    const uint8_t *head = heads + group / groups * format.head_bytes;
    Head<format> found;
    if constexpr (format.type == GGML_TYPE_MXFP4) {
        found.scales[0] = powers_of_two(load_row_bytes(head));
    } else if constexpr (format.type == GGML_TYPE_Q6_K) {
        const RowFloats scale = load_row_halves(head);
        const uint8_t *parts = head + 2 * panel_rows + group % groups * 2 * panel_rows;
        found.scales[0] = scale * floats_of<true>(load_row_bytes(parts));
        found.scales[1] = scale * floats_of<true>(load_row_bytes(parts + panel_rows));
    } else if constexpr (format.block_columns == 256) {
        RowBytes scale;
        RowBytes minimum;
        six_bits(head + 4 * panel_rows, static_cast<int>(group % groups), scale, minimum);
        found.scales[0] = load_row_halves(head) * floats_of<false>(scale);
        found.minimums = -load_row_halves(head + 2 * panel_rows) * floats_of<false>(minimum);
    } else {
        found.scales[0] = load_row_halves(head);
        if constexpr (format.minimums) {
            found.minimums = load_row_halves(head + 2 * panel_rows);
        }
    }
    return found;
}

/** Columns of a panel from group `first` on. */
template<Format format> void unpack(const Panel &panel, int64_t first, int groups, Chunk &chunk) {
    for (int group = 0; group < groups; ++group) {
        const auto at = static_cast<size_t>(group);
        const uint8_t *from = panel.quants + (first + group) * format.group_bytes();
        uint8_t *to = chunk.quants[at].data();
        detail::for_each(std::make_integer_sequence<int, quads>(), [&]<int quad>() {
            for (int part = 0; part < panel_vectors; ++part) {
                const Bytes quants = detail::quants_of<format, quad>(from, part);
                std::memcpy(to + quad * vector_bytes + part * lanes * 4, &quants, sizeof(quants));
            }
        });
        const Head<format> head = head_of<format>(panel.heads, first + group);
        for (size_t part = 0; part < format.scales_per_group(); ++part) {
            head.scales[part].store_at(chunk.scales[at * format.scales_per_group() + part].data());
        }
        if constexpr (format.minimums) {
            head.minimums.store_at(chunk.minimums[at].data());
        }
    }
}

} // namespace llmodel::kernels::products

#endif
