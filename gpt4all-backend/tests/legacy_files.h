#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace legacy_files {

/** A tiny model file of 2023, written byte by byte. Its weights are made of numbers that every type can hold. */
struct Recipe {
    std::string format = "ggjt"; /**< ggml, ggmf, ggjt or ggmm. */
    std::uint32_t version = 1;   /**< Of ggmf and ggjt. */
    std::string architecture = "llama";
    std::uint32_t type = 0;  /**< Of matrices: 0 F32, 1 F16, 2 Q4_0, 4 Q4_2 and so on. */
    std::uint32_t block = 1; /**< Values of a block of the type… */
    std::uint32_t block_bytes = 4;
    std::uint32_t file_type = 0; /**< ftype of the header. */
    std::uint32_t width = 32;
    std::uint32_t heads = 2;
    bool lacks_last_token = false;
    bool transposed = false; /**< GPT-J before 2023-03-29. */
};

/** The whole file, or part `part` of `parts`. */
std::string build(const Recipe &recipe, std::uint32_t part = 0, std::uint32_t parts = 1);

/** What a matrix of type F32 holds at a place of the whole tensor, for a name that the file has. */
float value_at(const std::string &name, std::uint32_t row, std::uint32_t column);

/** 4 bytes, as the files have them. */
std::string word(std::uint32_t value);

void write(const std::string &path, const std::string &bytes);

} // namespace legacy_files
