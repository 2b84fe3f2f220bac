#pragma once

#include "ggml.h"

#include <cstddef>
#include <span>

namespace llmodel::legacy {

/** Beyond this in magnitude lies no weight of a LLaMA, GPT-J or MPT; theirs are below 100. */
constexpr float largest_weight = 1024;

/**
 * Whether whole rows of a matrix or vector can be a model's weights: all that is stored as a float is finite and, for
 * the types that files of 2023 had before the K types, blocks hold nothing above `largest_weight`. Blocks that are
 * read at a wrong place or in a wrong arrangement fail it, as their scales are made of codes then.
 */
bool is_plausible(ggml_type type, std::span<const std::byte> rows);

} // namespace llmodel::legacy
