#include "legacy/repack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace llmodel::legacy {

namespace {

constexpr std::size_t sub_blocks = 16; // of 16 values each
constexpr std::size_t q4_2_bytes = 10;
constexpr int max_factor = 4; // times codes of -8 to 7: Q6_K has -32 to 31
constexpr float max_scale = 127.0F;

/** A block of Q6_K as it is stored: lower four bits, upper two bits, scales of the sub-blocks, their common factor. */
struct BlockQ6K {
    std::array<std::uint8_t, 128> low{};
    std::array<std::uint8_t, 64> high{};
    std::array<std::int8_t, sub_blocks> scales{};
    ggml_fp16_t factor = 0;
};
static_assert(sizeof(BlockQ6K) == 210);

/** Two halves of 128 values; in each, the values i, i + 32, i + 64 and i + 96 share bytes. */
void put_code(BlockQ6K &block, std::size_t index, int code) {
    const auto bits = static_cast<unsigned>(code + 32);
    const std::size_t half = index / 128;
    const std::size_t quarter = index % 128 / 32;
    const std::size_t i = index % 32;
    std::uint8_t &low = block.low[half * 64 + (quarter % 2) * 32 + i];
    std::uint8_t &high = block.high[half * 32 + i];
    low = static_cast<std::uint8_t>(low | (bits & 0x0F) << (quarter / 2 * 4));
    high = static_cast<std::uint8_t>(high | (bits >> 4) << (quarter * 2));
}

/** The smallest float16 that is not below `value`, which is not negative. */
ggml_fp16_t half_from_above(float value) {
    const ggml_fp16_t half = ggml_fp32_to_fp16(value);
    return ggml_fp16_to_fp32(half) < value ? static_cast<ggml_fp16_t>(half + 1) : half;
}

struct Scale {
    int factor = max_factor;
    int scale = 0;
};

/** How a scale is best held as factor * scale * unit. */
Scale nearest(float value, float unit) {
    Scale best;
    float least = std::abs(value);
    for (int factor = max_factor; factor >= 1; --factor) {
        const float exact = value / (static_cast<float>(factor) * unit);
        if (std::abs(exact) > max_scale + 0.5F) {
            break;
        }
        const int scale = static_cast<int>(std::lround(std::clamp(exact, -max_scale, max_scale)));
        const float error = std::abs(value - static_cast<float>(scale * factor) * unit);
        if (error < least) {
            least = error;
            best = {factor, scale};
        }
    }
    return best;
}

} // namespace

bool q4_2_to_q6_k(const std::byte *blocks, std::byte *into) {
    std::array<float, sub_blocks> scales{};
    float most = 0;
    for (std::size_t i = 0; i < sub_blocks; ++i) {
        ggml_fp16_t half = 0;
        std::memcpy(&half, blocks + i * q4_2_bytes, sizeof half);
        scales[i] = ggml_fp16_to_fp32(half);
        if (!std::isfinite(scales[i])) {
            return false;
        }
        most = std::max(most, std::abs(scales[i]));
    }
    BlockQ6K block;
    block.factor = half_from_above(most / (max_factor * max_scale));
    const float unit = ggml_fp16_to_fp32(block.factor);
    for (std::size_t i = 0; i < sub_blocks; ++i) {
        const Scale scale = unit > 0 ? nearest(scales[i], unit) : Scale{};
        block.scales[i] = static_cast<std::int8_t>(scale.scale);
        const std::byte *codes = blocks + i * q4_2_bytes + sizeof(ggml_fp16_t);
        for (std::size_t j = 0; j < 16; ++j) {
            const auto byte = std::to_integer<unsigned>(codes[j / 2]);
            const int code = static_cast<int>(j % 2 == 0 ? byte & 0x0F : byte >> 4) - 8;
            put_code(block, i * 16 + j, code * scale.factor);
        }
    }
    std::memcpy(into, &block, sizeof block);
    return true;
}

} // namespace llmodel::legacy
