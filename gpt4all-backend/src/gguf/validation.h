#pragma once

// The parts of validate_model(), each of which throws as that does.

#include "gguf/gguf_file.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace llmodel::validation {

/** The keys of `{architecture}.`: sizes, counts, RoPE, epsilons. */
void check_hyperparameters(const GgufFile &file);

/** The keys of `tokenizer.`: vocabulary, special tokens, chat templates. */
void check_vocabulary(const GgufFile &file);

/** Whether each tensor is of a type that the operations it takes part in can compute with. */
void check_tensor_types(const GgufFile &file);

/** Whether ggml can multiply matrices of this type with vectors. */
bool is_matrix_type(ggml_type type);

/** Throws unless the number is between the limits, both included. A missing key passes. */
void check_range(const GgufFile &file, std::string_view key, std::uint64_t low, std::uint64_t high);

} // namespace llmodel::validation
