#pragma once

// The parts of read_legacy_file(), each of which throws as that does.

#include "gguf/cursor.h"
#include "legacy/legacy_file.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace llmodel::legacy {

/** The hyperparameters, vocabulary and tensors of a first file, from behind the version on. */
void read_llama(GgufCursor &cursor, LegacyFile &file);
void read_gptj(GgufCursor &cursor, LegacyFile &file);
void read_mpt(GgufCursor &cursor, LegacyFile &file);

/** Opens and reads the other files of a model in several, each of which must begin as the first one. */
void read_llama_parts(LegacyFile &file, std::vector<std::unique_ptr<ByteSource>> &sources, const OpenPart &open_part);

/** A number of the header that must be between the limits, both included. */
std::uint32_t read_number(GgufCursor &cursor, const char *name, std::uint32_t low, std::uint32_t high);

/** `n_vocab` of a header, which is not over what the rest of the file can hold. */
std::uint32_t read_vocabulary_size(GgufCursor &cursor);

/** Refuses a number of heads that does not divide the width. */
void check_heads(const GgufCursor &cursor, const Hyperparameters &sizes);

/** A token's length, of which only the bits in `mask` count, and as many bytes. */
std::uint32_t read_token(GgufCursor &cursor, std::size_t number, std::uint32_t mask, Token &token);

/** The tensors, to the end of the file. `aligned`: the values of each begin at a multiple of 32 bytes. */
Directory read_tensors(GgufCursor &cursor, Layout layout, bool aligned);

/** The layout that a file of ggml's examples states with its type: ftype / 1000. */
Layout layout_of(const GgufCursor &cursor, std::uint32_t file_type);

constexpr std::uint32_t max_width = 1 << 20;
constexpr std::uint32_t max_heads = 1 << 16;
constexpr std::uint32_t max_layers = 512; // llama.cpp's own limit
constexpr std::uint32_t max_context = 1 << 24;
constexpr std::uint32_t max_file_type = 9999;

} // namespace llmodel::legacy
