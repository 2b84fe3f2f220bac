#include "tile_unit.h"

#include <algorithm>
#include <cstring>

namespace amx {

namespace {

// Where the fields of the configuration lie. The second byte, the row to go on with after an interruption, is zero in
// every program that we know, and must be here.
constexpr size_t palette_at = 0;
constexpr size_t row_bytes_at = 16;
constexpr size_t rows_at = 48;

bool is_zero(const uint8_t *begin, const uint8_t *end) {
    return std::all_of(begin, end, [](uint8_t byte) { return byte == 0; });
}

int32_t byte_of(uint8_t byte, bool is_signed) {
    return is_signed ? static_cast<int8_t>(byte) : byte;
}

} // namespace

TileUnit::Shape TileUnit::shape(size_t tile) const {
    uint16_t row_bytes = 0;
    std::memcpy(&row_bytes, &configuration_[row_bytes_at + 2 * tile], sizeof(row_bytes));
    return {configuration_[rows_at + tile], row_bytes};
}

bool TileUnit::usable(size_t tile) const {
    return configuration_[palette_at] != 0 && tile < tile_count && shape(tile).rows != 0;
}

Fault TileUnit::configure(const uint8_t *memory) {
    TileUnit next;
    std::memcpy(next.configuration_.data(), memory, configuration_bytes);
    if (memory[palette_at] > 1) {
        return Fault::protection;
    }
    if (memory[palette_at] == 0) {
        release();
        return Fault::none;
    }
    const bool reserved = is_zero(memory + 2, memory + row_bytes_at) &&
                          is_zero(memory + row_bytes_at + 2 * tile_count, memory + rows_at) &&
                          is_zero(memory + rows_at + tile_count, memory + configuration_bytes);
    if (!reserved || memory[1] != 0) {
        return Fault::protection;
    }
    for (size_t tile = 0; tile < tile_count; ++tile) {
        const auto [rows, row_bytes] = next.shape(tile);
        if (rows > max_rows || row_bytes > max_row_bytes || (rows == 0) != (row_bytes == 0)) {
            return Fault::protection;
        }
    }
    *this = next;
    return Fault::none;
}

void TileUnit::store_configuration(uint8_t *memory) const {
    std::memcpy(memory, configuration_.data(), configuration_bytes);
}

void TileUnit::release() {
    *this = TileUnit();
}

bool TileUnit::movable(size_t tile) const {
    return usable(tile) && shape(tile).row_bytes % 4 == 0; // as a Sapphire Rapids has it; no manual says so
}

Fault TileUnit::zero(size_t tile) {
    if (!usable(tile)) {
        return Fault::undefined;
    }
    tiles_[tile] = {};
    return Fault::none;
}

Fault TileUnit::load(size_t tile, const uint8_t *memory, int64_t stride) {
    if (!movable(tile)) {
        return Fault::undefined;
    }
    const auto [rows, row_bytes] = shape(tile);
    Tile loaded{};
    for (size_t row = 0; row < rows; ++row) {
        std::memcpy(loaded[row].data(), memory + static_cast<int64_t>(row) * stride, row_bytes);
    }
    tiles_[tile] = loaded;
    return Fault::none;
}

Fault TileUnit::store(size_t tile, uint8_t *memory, int64_t stride) const {
    if (!movable(tile)) {
        return Fault::undefined;
    }
    const auto [rows, row_bytes] = shape(tile);
    for (size_t row = 0; row < rows; ++row) {
        std::memcpy(memory + static_cast<int64_t>(row) * stride, tiles_[tile][row].data(), row_bytes);
    }
    return Fault::none;
}

Fault TileUnit::multiply(size_t sum, size_t first, size_t second, Signs signs) {
    if (!usable(sum) || !usable(first) || !usable(second) || sum == first || sum == second || first == second) {
        return Fault::undefined;
    }
    const Shape of_sum = shape(sum);
    const Shape of_first = shape(first);
    const Shape of_second = shape(second);
    constexpr size_t lanes = 4; // bytes whose products make one sum
    if (of_sum.row_bytes % lanes != 0 || of_first.row_bytes % lanes != 0 || of_second.row_bytes % lanes != 0 ||
        of_sum.rows != of_first.rows || of_sum.row_bytes != of_second.row_bytes ||
        of_first.row_bytes / lanes != of_second.rows) {
        return Fault::undefined;
    }
    Tile result{};
    for (size_t row = 0; row < of_sum.rows; ++row) {
        std::array<uint32_t, max_row_bytes / lanes> sums{}; // which wrap around
        std::memcpy(sums.data(), tiles_[sum][row].data(), of_sum.row_bytes);
        for (size_t group = 0; group < of_second.rows; ++group) {
            const uint8_t *left = &tiles_[first][row][lanes * group];
            const uint8_t *right = tiles_[second][group].data();
            for (size_t column = 0; column < of_sum.row_bytes / lanes; ++column) {
                for (size_t lane = 0; lane < lanes; ++lane) {
                    const int32_t product =
                        byte_of(left[lane], signs.first) * byte_of(right[lanes * column + lane], signs.second);
                    sums[column] += static_cast<uint32_t>(product);
                }
            }
        }
        std::memcpy(result[row].data(), sums.data(), of_sum.row_bytes);
    }
    tiles_[sum] = result;
    return Fault::none;
}

} // namespace amx
