#include "tile_instruction.h"

#include <array>
#include <cstring>

namespace amx {

namespace {

/** The byte C4 and two more, as the manual's volume 2, section 2.3.5, lays them out; three of the bits are inverted. */
struct Vex {
    bool far_register; // the high bit of ModRM.reg
    bool far_index;
    bool far_base;
    unsigned map;
    bool wide;
    unsigned second_source;
    bool long_vector;
    unsigned prefix;
};

enum Prefix : unsigned { none, x66, f3, f2 };

constexpr uint8_t vex_of_three_bytes = 0xc4;
constexpr unsigned map_0f38 = 2;

Vex read_vex(const uint8_t *at) {
    return {
        .far_register = (at[1] & 0x80) == 0,
        .far_index = (at[1] & 0x40) == 0,
        .far_base = (at[1] & 0x20) == 0,
        .map = at[1] & 0x1fU,
        .wide = (at[2] & 0x80) != 0,
        .second_source = ~(at[2] >> 3) & 0xfU,
        .long_vector = (at[2] & 0x04) != 0,
        .prefix = at[2] & 0x03U,
    };
}

/** A general register by the number that instructions give it. */
int64_t register_value(const mcontext_t &thread, unsigned number) {
    static constexpr std::array<int, 16> places = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                                   REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                   REG_R12, REG_R13, REG_R14, REG_R15};
    return thread.gregs[places[number]];
}

uint8_t *as_address(int64_t number) {
    return reinterpret_cast<uint8_t *>(number); // NOLINT(performance-no-int-to-ptr): what registers hold
}

struct Memory {
    int64_t base;
    int64_t index; // scaled; zero without an index register
    size_t length; // of ModRM and what belongs to it
};

/** Works out the operand in memory that begins with the byte ModRM. `at` is in the instruction that starts at `start`.
 */
Memory read_memory(const mcontext_t &thread, const Vex &vex, const uint8_t *at, const uint8_t *start) {
    const unsigned mode = at[0] >> 6;
    const unsigned place = at[0] & 7U;
    Memory memory{.base = 0, .index = 0, .length = 1};
    unsigned base = place;
    if (place == 4) { // the byte SIB follows
        const uint8_t sib = at[memory.length++];
        base = sib & 7U;
        const unsigned index = (sib >> 3 & 7U) | (vex.far_index ? 8U : 0U);
        if (index != 4) {
            memory.index = register_value(thread, index) << (sib >> 6);
        }
    }
    const bool without_base = mode == 0 && base == 5;
    if (!without_base) {
        memory.base = register_value(thread, base | (vex.far_base ? 8U : 0U));
    }
    if (mode == 1) {
        memory.base += static_cast<int8_t>(at[memory.length++]);
    } else if (mode == 2 || without_base) {
        int32_t displacement = 0;
        std::memcpy(&displacement, at + memory.length, sizeof(displacement));
        memory.base += displacement;
        memory.length += sizeof(displacement);
        if (without_base && place == 5) { // from the next instruction on
            memory.base += reinterpret_cast<intptr_t>(at + memory.length);
        }
    }
    memory.length += static_cast<size_t>(at - start);
    return memory;
}

} // namespace

std::optional<TileInstruction> decode(const mcontext_t &thread) {
    const auto *start = as_address(thread.gregs[REG_RIP]);
    if (start[0] != vex_of_three_bytes) {
        return std::nullopt;
    }
    const Vex vex = read_vex(start);
    if (vex.map != map_0f38 || vex.wide || vex.long_vector) {
        return std::nullopt;
    }
    const uint8_t opcode = start[3];
    const uint8_t modrm = start[4];
    const bool in_memory = modrm < 0xc0;
    TileInstruction found{.operation = Operation::release,
                          .length = 5,
                          .tile = (modrm >> 3 & 7U) | (vex.far_register ? 8U : 0U),
                          .first = (modrm & 7U) | (vex.far_base ? 8U : 0U),
                          .second = vex.second_source,
                          .signs = {vex.prefix == f2 || vex.prefix == f3, vex.prefix == f2 || vex.prefix == x66},
                          .memory = nullptr,
                          .stride = 0};
    if (opcode != 0x5e && vex.second_source != 0) {
        return std::nullopt;
    }
    if (in_memory) {
        const Memory memory = read_memory(thread, vex, start + 4, start);
        const bool rows = (modrm & 7U) == 4;
        found.length = memory.length;
        found.memory = as_address(memory.base + (opcode == 0x49 ? memory.index : 0));
        found.stride = memory.index;
        if (opcode == 0x49 && found.tile == 0 && (vex.prefix == none || vex.prefix == x66)) {
            found.operation = vex.prefix == none ? Operation::configure : Operation::store_configuration;
            return found;
        }
        if (opcode == 0x4b && rows && vex.prefix != none) {
            found.operation = vex.prefix == f3 ? Operation::store : Operation::load;
            return found;
        }
        return std::nullopt;
    }
    if (opcode == 0x49 && vex.prefix == none && modrm == 0xc0) {
        return found;
    }
    if (opcode == 0x49 && vex.prefix == f2 && found.first == 0) {
        found.operation = Operation::zero;
        return found;
    }
    if (opcode == 0x5e) {
        found.operation = Operation::multiply;
        return found;
    }
    return std::nullopt;
}

} // namespace amx
