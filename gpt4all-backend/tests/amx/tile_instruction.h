#pragma once

#include "tile_unit.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ucontext.h>

namespace amx {

enum class Operation { configure, store_configuration, release, zero, load, store, multiply };

/** An instruction of AMX-TILE or AMX-INT8, with its operands as the registers of a thread make them. */
struct TileInstruction {
    Operation operation;
    size_t length; /**< bytes */
    /** The tile that is zeroed, loaded, stored, or added to. */
    size_t tile;
    size_t first;
    size_t second;
    Signs signs;
    /** The operand in memory, if it has one; stride in bytes from row to row. */
    uint8_t *memory;
    int64_t stride;
};

/** Reads the instruction at which a thread was stopped; nothing if it is not one of these. */
std::optional<TileInstruction> decode(const mcontext_t &thread);

} // namespace amx
