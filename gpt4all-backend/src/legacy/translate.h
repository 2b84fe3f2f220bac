#pragma once

#include "legacy/plan.h"
#include "legacy/rows.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace llmodel::legacy {

/** Takes the next bytes of the new file. */
using Write = std::function<void(std::span<const std::byte>)>;

/** Is told after each step how many bytes are written, and, where the step read a stretch of the first source, its end
 *  there. Throws to stop. */
using Report = std::function<void(std::uint64_t written, std::uint64_t read_to)>;

/** Writes the file that `plan` describes, less than a megabyte at a time. Throws Error: LLMODEL_INVALID_MODEL, with the
 *  tensor and the row, for weights that GGUF cannot hold, and whatever `write`, `report` and the sources throw. */
void translate(const Plan &plan, const Sources &sources, const Write &write, const Report &report);

} // namespace llmodel::legacy
