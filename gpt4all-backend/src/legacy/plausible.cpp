#include "legacy/plausible.h"

#include <cstdint>
#include <cstring>

namespace llmodel::legacy {

namespace {

/** Float16 in magnitude, which orders as its bits do. */
std::uint16_t magnitude(const std::byte *from) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from, sizeof bits);
    return bits & 0x7FFF;
}

/** Blocks that begin with a scale, for codes of at most `largest_code` in magnitude, and maybe a minimum. */
bool are_small(std::span<const std::byte> rows, std::size_t block_bytes, float largest_code, bool has_minimum) {
    const std::uint16_t largest_scale = ggml_fp32_to_fp16(largest_weight / largest_code);
    const std::uint16_t largest_minimum = ggml_fp32_to_fp16(largest_weight);
    bool small = true;
    const std::byte *end = rows.data() + rows.size();
    for (const std::byte *block = rows.data(); block != end; block += block_bytes) {
        small &= magnitude(block) <= largest_scale;
        if (has_minimum) {
            small &= magnitude(block + sizeof(ggml_fp16_t)) <= largest_minimum;
        }
    }
    return small;
}

} // namespace

bool is_plausible(ggml_type type, std::span<const std::byte> rows) {
    const std::size_t block = ggml_type_size(type);
    switch (type) {
    case GGML_TYPE_Q4_0:
        return are_small(rows, block, 8, false);
    case GGML_TYPE_Q4_1:
        return are_small(rows, block, 15, true);
    case GGML_TYPE_Q5_0:
        return are_small(rows, block, 16, false);
    case GGML_TYPE_Q5_1:
        return are_small(rows, block, 31, true);
    case GGML_TYPE_Q8_0:
        return are_small(rows, block, 127, false);
    default:
        return ggml_validate_row_data(type, rows.data(), rows.size());
    }
}

} // namespace llmodel::legacy
