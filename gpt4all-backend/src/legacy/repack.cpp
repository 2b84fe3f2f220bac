// Layout a has a block's values as nibbles in turn, the low one first; layouts b and c have its first half as low
// nibbles and its second half as high ones. A block begins with its scale, which in layouts a and b is a float32 but
// for Q5, Q4_2 and Q4_3.

#include "legacy/repack.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace llmodel::legacy {

namespace {

constexpr std::size_t nibble_bytes = 16; // of 32 values

/** From values in turn to halves. */
void split_nibbles(const std::byte *from, std::byte *into) {
    std::uint8_t in[nibble_bytes];
    std::uint8_t out[nibble_bytes];
    std::memcpy(in, from, sizeof in);
    for (std::size_t i = 0; i < nibble_bytes / 2; ++i) {
        const unsigned first = in[i];
        const unsigned second = in[i + nibble_bytes / 2];
        out[2 * i] = static_cast<std::uint8_t>((first & 0x0F) | second << 4);
        out[2 * i + 1] = static_cast<std::uint8_t>(first >> 4 | (second & 0xF0));
    }
    std::memcpy(into, out, sizeof out);
}

bool is_finite(ggml_fp16_t value) {
    return (value & 0x7C00U) != 0x7C00U;
}

/** As ggml_fp32_to_fp16(), but inlined for all but subnormal, huge and other rare numbers. */
ggml_fp16_t to_half(float value) {
    constexpr std::uint32_t least = 0x38800000;  // 2^-14, the least normal float16
    constexpr std::uint32_t beyond = 0x47000000; // 2^15, from where on rounding may overflow
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude - least >= beyond - least) {
        return ggml_fp32_to_fp16(value);
    }
    // to nearest, ties to even, and the exponent of a float16, whose bias is 112 less
    const std::uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return static_cast<ggml_fp16_t>((bits >> 16 & 0x8000) | (rounded - 0x38000000) >> 13);
}

/** A float32 scale becomes float16. */
bool narrow_scale(const std::byte *from, std::byte *into) {
    float scale = 0;
    std::memcpy(&scale, from, sizeof scale);
    const ggml_fp16_t narrow = to_half(scale);
    std::memcpy(into, &narrow, sizeof narrow);
    return is_finite(narrow);
}

/** Blocks of `scales` float32 scales and then codes, into the same with float16. */
template<int scales, std::size_t code_bytes, typename Codes>
bool narrow_blocks(std::span<const std::byte> rows, std::byte *into, Codes codes) {
    bool held = true;
    constexpr std::size_t block = scales * sizeof(float) + code_bytes;
    const std::byte *end = rows.data() + rows.size();
    for (const std::byte *from = rows.data(); from != end; from += block) {
        for (int i = 0; i < scales; ++i) {
            held &= narrow_scale(from + static_cast<std::size_t>(i) * sizeof(float), into);
            into += sizeof(ggml_fp16_t);
        }
        codes(from + scales * sizeof(float), into);
        into += code_bytes;
    }
    return held;
}

/** Blocks of `head` bytes that stay, and then nibbles. */
void split_blocks(std::span<const std::byte> rows, std::size_t head, std::byte *into) {
    const std::byte *end = rows.data() + rows.size();
    for (const std::byte *from = rows.data(); from != end; from += head + nibble_bytes) {
        std::memcpy(into, from, head);
        split_nibbles(from + head, into + head);
        into += head + nibble_bytes;
    }
}

float half_at(const std::byte *from) {
    ggml_fp16_t half = 0;
    std::memcpy(&half, from, sizeof half);
    return ggml_fp16_to_fp32(half);
}

bool all_finite(const std::vector<float> &values) {
    bool finite = true;
    for (const float value : values) {
        finite &= std::isfinite(value);
    }
    return finite;
}

bool requantize(const ElementType &from, std::int64_t columns, std::span<const std::byte> rows, ggml_type target,
                std::span<std::byte> into) {
    const auto width = static_cast<std::size_t>(columns);
    const auto block = static_cast<std::size_t>(from.block);
    std::vector<float> values(width);
    std::byte *out = into.data();
    void (*decode)(const std::byte *, float *) = from.id == type_q4_2 ? decode_q4_2 : decode_q4_3;
    for (std::size_t at = 0; at < rows.size();) {
        for (std::size_t i = 0; i < width; i += block, at += from.bytes) {
            decode(rows.data() + at, values.data() + i);
        }
        if (!all_finite(values)) {
            return false;
        }
        if (target == GGML_TYPE_F32) {
            std::memcpy(out, values.data(), width * sizeof(float));
        } else if (target == GGML_TYPE_F16) {
            std::vector<ggml_fp16_t> halves(width);
            ggml_fp32_to_fp16_row(values.data(), halves.data(), columns);
            for (const ggml_fp16_t half : halves) {
                if (!is_finite(half)) {
                    return false;
                }
            }
            std::memcpy(out, halves.data(), width * sizeof(ggml_fp16_t));
        } else {
            ggml_quantize_chunk(target, values.data(), out, 0, 1, columns, nullptr);
        }
        out += ggml_row_size(target, columns);
    }
    return true;
}

bool q4_2_rows_to_q6_k(std::span<const std::byte> rows, std::byte *into) {
    constexpr std::size_t blocks = std::size_t{16} * 10;
    bool held = true;
    for (std::size_t at = 0; at < rows.size(); at += blocks) {
        held &= q4_2_to_q6_k(rows.data() + at, into);
        into += ggml_type_size(GGML_TYPE_Q6_K);
    }
    return held;
}

template<float (*value)(unsigned code, float scale, float least)>
void decode_nibbles(const std::byte *codes, float scale, float least, float *values) {
    for (std::size_t i = 0; i < 8; ++i) {
        const auto byte = std::to_integer<unsigned>(codes[i]);
        values[2 * i] = value(byte & 0x0F, scale, least);
        values[2 * i + 1] = value(byte >> 4, scale, least);
    }
}

float centred(unsigned code, float scale, float) {
    return static_cast<float>(static_cast<int>(code) - 8) * scale;
}

float from_least(unsigned code, float scale, float least) {
    return static_cast<float>(code) * scale + least;
}

} // namespace

void decode_q4_2(const std::byte *block, float *values) {
    decode_nibbles<centred>(block + 2, half_at(block), 0, values);
}

void decode_q4_3(const std::byte *block, float *values) {
    decode_nibbles<from_least>(block + 4, half_at(block), half_at(block + 2), values);
}

bool repack(const ElementType &from, std::int64_t columns, std::span<const std::byte> rows, ggml_type target,
            std::span<std::byte> into) {
    const auto keep = [](std::size_t bytes) {
        return [bytes](const std::byte *codes, std::byte *out) { std::memcpy(out, codes, bytes); };
    };
    const bool in_turn = from.layout == Layout::a;
    if (from.is_current()) {
        std::memcpy(into.data(), rows.data(), rows.size());
        return true;
    }
    switch (from.id) {
    case GGML_TYPE_Q4_0:
        return in_turn ? narrow_blocks<1, nibble_bytes>(rows, into.data(), split_nibbles)
                       : narrow_blocks<1, nibble_bytes>(rows, into.data(), keep(nibble_bytes));
    case GGML_TYPE_Q4_1:
        return in_turn ? narrow_blocks<2, nibble_bytes>(rows, into.data(), split_nibbles)
                       : narrow_blocks<2, nibble_bytes>(rows, into.data(), keep(nibble_bytes));
    case GGML_TYPE_Q5_0: // float16 scale and 32 fifth bits, which are in the order of the values in all layouts
        split_blocks(rows, 2 + 4, into.data());
        return true;
    case GGML_TYPE_Q5_1:
        split_blocks(rows, 2 + 2 + 4, into.data());
        return true;
    case GGML_TYPE_Q8_0:
        return narrow_blocks<1, 32>(rows, into.data(), keep(32));
    default:
        break;
    }
    if (from.id == type_q4_2 && target == GGML_TYPE_Q6_K) {
        return q4_2_rows_to_q6_k(rows, into.data());
    }
    return requantize(from, columns, rows, target, into);
}

} // namespace llmodel::legacy
