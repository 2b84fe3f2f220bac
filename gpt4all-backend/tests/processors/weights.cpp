#include "weights.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

namespace products {

namespace {

constexpr int64_t stretch = 256; // what every type's blocks fit into
constexpr int64_t stretches = 31;

/** Whether rounding to the type begins with seconds of making tables; of these types all bits mean something. */
bool slow_to_round(ggml_type type) {
    switch (type) {
    case GGML_TYPE_IQ1_S:
    case GGML_TYPE_IQ1_M:
    case GGML_TYPE_IQ2_XXS:
    case GGML_TYPE_IQ2_XS:
    case GGML_TYPE_IQ2_S:
        return true;
    default:
        return false;
    }
}

/** Stretches of random bits with a plausible scale, the first with a scale of 0. */
std::vector<uint8_t> random_bytes(ggml_type type, size_t size, std::mt19937 &random) {
    std::vector<uint8_t> bytes(size * (stretches + 1));
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<uint8_t>(random()); });
    for (size_t i = 0; i <= stretches; ++i) {
        uint8_t *block = &bytes[i * size];
        const ggml_fp16_t scale = ggml_fp32_to_fp16(0.003F * static_cast<float>(i));
        if (type != GGML_TYPE_IQ1_M) {
            std::memcpy(block, &scale, sizeof(scale));
            continue;
        }
        // four bits of it in each of the last four numbers of 16
        for (size_t part = 0; part < 4; ++part) {
            uint8_t &high = block[size - 8 + 2 * part + 1];
            high = static_cast<uint8_t>((high & 0x0F) | (((scale >> (4 * part)) & 0x0F) << 4));
        }
    }
    return bytes;
}

std::vector<uint8_t> rounded(ggml_type type, size_t size, const std::vector<float> &values) {
    std::vector<uint8_t> bytes(size * (stretches + 1));
    const std::vector<float> importance(stretch, 1.0F);
    if (ggml_quantize_chunk(type, values.data(), bytes.data(), 0, stretches + 1, stretch, importance.data()) !=
        bytes.size()) {
        throw std::runtime_error(std::string(ggml_type_name(type)) + " cannot be written");
    }
    return bytes;
}

} // namespace

std::vector<ggml_type> weight_types() {
    std::vector<ggml_type> types{GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16};
    for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
        const auto type = static_cast<ggml_type>(i);
        // these two are what inputs are rounded to
        if (ggml_is_quantized(type) && type != GGML_TYPE_Q8_1 && type != GGML_TYPE_Q8_K) {
            types.push_back(type);
        }
    }
    return types;
}

Weights make_weights(ggml_type type, int64_t columns, int64_t rows) {
    // a few stretches are rounded, and rows put together from them
    std::mt19937 random(static_cast<unsigned>(type) + 1);
    std::normal_distribution<float> normal(0.005F, 0.02F);
    std::vector<float> values(stretch * (stretches + 1));
    std::generate(values.begin() + stretch, values.end(), [&] { return normal(random); });
    const size_t size = ggml_row_size(type, stretch);
    const std::vector<uint8_t> bytes =
        slow_to_round(type) ? random_bytes(type, size, random) : rounded(type, size, values);
    if (type != GGML_TYPE_F32) {
        ggml_get_type_traits(type)->to_float(bytes.data(), values.data(), static_cast<int64_t>(values.size()));
    }

    Weights made{.type = type, .columns = columns, .rows = rows, .bytes = {}, .values = {}};
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t part = 0; part < columns / stretch; ++part) {
            // another order of them for each row; stretch 0 is the one of zeros
            const int64_t number = row == 1 ? 0 : 1 + (7 * row + (3 + row / stretches) * part) % stretches;
            const auto at = static_cast<size_t>(number);
            made.bytes.insert(made.bytes.end(), &bytes[at * size], &bytes[at * size] + size);
            made.values.insert(made.values.end(), &values[at * stretch], &values[at * stretch] + stretch);
        }
    }
    return made;
}

std::vector<float> make_inputs(int64_t columns, int64_t count) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0.1F, 1.0F);
    std::vector<float> inputs(static_cast<size_t>(columns * count));
    std::generate(inputs.begin(), inputs.end(), [&] { return normal(random); });
    if (count > 2) {
        std::fill_n(inputs.begin() + columns, columns / 2, 0.0F);
        std::for_each_n(inputs.begin() + 2 * columns, columns, [](float &value) { value *= 1000.0F; });
    }
    return inputs;
}

Tolerance tolerance(ggml_type type) {
    switch (type) {
    case GGML_TYPE_F32: // only the order of additions
        return {.worst = 1e-4, .typical = 1e-5};
    case GGML_TYPE_F16: // inputs of 11 bits
        return {.worst = 3e-3, .typical = 5e-4};
    case GGML_TYPE_BF16: // inputs of 8 bits
        return {.worst = 2e-2, .typical = 3e-3};
    default: // inputs of 8 bits, of which the largest of 32 to 256 takes all
        return {.worst = 6e-2, .typical = 1e-2};
    }
}

} // namespace products
