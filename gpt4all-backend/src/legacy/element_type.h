#pragma once

#include "ggml.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace llmodel::legacy {

/** The three ways in which blocks of quantised weights have been laid out; `c` is that of GGUF. */
enum class Layout { a, b, c };

/** Types of tensors that only the files of 2023 have, by their numbers there; the others are numbered as ggml_type. */
constexpr std::uint32_t type_q4_2 = 4;
constexpr std::uint32_t type_q4_3 = 5;

/** How values of a type are stored. */
struct ElementType {
    std::uint32_t id = 0; /**< As in the file. */
    Layout layout = Layout::c;
    std::int64_t block = 1;  /**< Values that are stored together. */
    std::uint64_t bytes = 4; /**< Of a block. */

    /** Of a row of `values`, which must be a multiple of `block`. */
    std::uint64_t row_bytes(std::int64_t values) const { return static_cast<std::uint64_t>(values / block) * bytes; }

    /** Whether a row is stored as GGUF stores it. */
    bool is_current() const;

    /** Whether ggml no longer has a type of this name. */
    bool is_gone() const { return id == type_q4_2 || id == type_q4_3; }

    /** Such as "Q4_2". */
    const char *name() const;
};

/** None for a number that is no type of a tensor in that layout. */
std::optional<ElementType> element_type(std::uint32_t id, Layout layout);

} // namespace llmodel::legacy
