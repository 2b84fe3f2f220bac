#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace amx {

/** Why the processor would refuse an instruction. */
enum class Fault {
    none,
    undefined,  /**< #UD, which Linux reports as SIGILL */
    protection, /**< #GP, which Linux reports as SIGSEGV */
};

constexpr size_t tile_count = 8;
constexpr size_t max_rows = 16;
constexpr size_t max_row_bytes = 64;
constexpr size_t configuration_bytes = 64;

/** Which of the factors of a product of bytes are signed. */
struct Signs {
    bool first;
    bool second;
};

/**
 * The state of one thread that AMX-TILE and AMX-INT8 add to a processor, and what the instructions do to it.
 *
 * Written after "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 1, chapter 18, and the
 * instructions' pages in volume 2. Palettes 0 and 1 are all that there is. Operands in memory are read and written
 * as given: an address that is none faults as it would in the instruction.
 */
class TileUnit {
  public:
    /** LDTILECFG: takes a configuration and zeroes the tiles, or leaves all as it was and returns the fault. */
    Fault configure(const uint8_t *memory);

    /** STTILECFG */
    void store_configuration(uint8_t *memory) const;

    /** TILERELEASE */
    void release();

    /** TILEZERO */
    Fault zero(size_t tile);

    /** TILELOADD and TILELOADDT1, which differ in what they tell the caches only */
    Fault load(size_t tile, const uint8_t *memory, int64_t stride);

    /** TILESTORED */
    Fault store(size_t tile, uint8_t *memory, int64_t stride) const;

    /** TDPBSSD, TDPBSUD, TDPBUSD and TDPBUUD: adds the products of the first's rows with the second's columns. */
    Fault multiply(size_t sum, size_t first, size_t second, Signs signs);

  private:
    struct Shape {
        size_t rows;
        size_t row_bytes;
    };
    using Tile = std::array<std::array<uint8_t, max_row_bytes>, max_rows>;

    [[nodiscard]] Shape shape(size_t tile) const;
    /** Whether there is such a tile, with rows. */
    [[nodiscard]] bool usable(size_t tile) const;
    /** Whether it can be loaded and stored: a usable one whose rows are whole groups of four bytes. */
    [[nodiscard]] bool movable(size_t tile) const;

    std::array<uint8_t, configuration_bytes> configuration_{}; // all zero, palette 0: no tiles
    std::array<Tile, tile_count> tiles_{};
};

} // namespace amx
