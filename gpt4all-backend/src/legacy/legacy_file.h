#pragma once

#include "gguf/byte_source.h"
#include "legacy/element_type.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace llmodel::legacy {

enum class Architecture { llama, gptj, mpt };

/** GGUF's name of it, such as "gptj". */
const char *name_of(Architecture architecture);

struct Tensor {
    std::string name;
    ElementType type;
    std::uint32_t n_dims = 1;
    std::int64_t ne0 = 1; /**< Of the dimension whose values lie beside each other: torch's last. */
    std::int64_t ne1 = 1;
    std::uint64_t info_offset = 0; /**< Where in the file it is described. */
    std::uint64_t offset = 0;      /**< Where in the file its values begin. */

    std::uint64_t row_bytes() const { return type.row_bytes(ne0); }
    std::uint64_t size() const { return row_bytes() * static_cast<std::uint64_t>(ne1); }
};

struct Token {
    std::string text; /**< Bytes as the file has them. */
    float score = 0;
    bool special = false;
};

/** The tensors of one file, in its order. */
class Directory {
  public:
    /** False if there is one of the name already. */
    bool add(Tensor tensor);
    /** NULL if there is none of this name. */
    const Tensor *find(std::string_view name) const;
    const std::vector<Tensor> &tensors() const { return tensors_; }
    std::uint64_t end = 0; /**< Where the last tensor ends. */

  private:
    std::vector<Tensor> tensors_;
    std::unordered_map<std::string, std::size_t> index_;
};

/** The numbers at the beginning of a file; those that a format does not have are 0. */
struct Hyperparameters {
    std::uint32_t n_vocab = 0;
    std::uint32_t n_ctx = 0; /**< Tokens. */
    std::uint32_t n_embd = 0;
    std::uint32_t n_mult = 0;
    std::uint32_t n_head = 0;
    std::uint32_t n_layer = 0;
    std::uint32_t n_rot = 0;     /**< Components of each head that are rotated by position. */
    float alibi_bias_max = 0;    /**< MPT. */
    float clip_qkv = 0;          /**< MPT: 0 for none. */
    std::uint32_t file_type = 0; /**< llama.cpp's number of it; a hint at the type of most tensors. */
};

/** Everything in a model of one of the formats before GGUF but the weights. */
struct LegacyFile {
    std::string path; /**< Of its first file. */
    Architecture architecture = Architecture::llama;
    std::string format;        /**< ggml, ggmf, ggjt or ggmm. */
    std::uint32_t version = 0; /**< 0 for a format without. */
    Layout layout = Layout::a;
    Hyperparameters hyperparameters;
    std::vector<Token> tokens;
    bool has_scores = false;
    bool lacks_last_token = false; /**< One fewer is in the file than its header says. */
    std::vector<Directory> parts;  /**< One for each file. */
};

/** The file beside `path` that is part `index`, from 1, of the same model. */
using OpenPart = std::function<std::unique_ptr<ByteSource>(std::size_t index)>;

/** Whether `magic`, a file's first four bytes, is one of a format that read_legacy_file() reads. */
bool is_legacy_magic(std::string_view magic);

/**
 * Reads LLaMA as ggml, ggmf 1 and ggjt 1 to 3, in one or several files, and GPT-J and MPT as written by ggml's examples
 * and by GPT4All. Counts and lengths are held against the bytes that are there before memory is taken for them, and
 * every tensor lies inside its file.
 *
 * `sources` holds the first file and receives the others. Throws Error: LLMODEL_INVALID_MODEL with {"path", "offset",
 * "tensor" | "token"} as detail, LLMODEL_UNSUPPORTED for a format that is not read, LLMODEL_NOT_FOUND for a missing
 * part, or LLMODEL_IO.
 */
LegacyFile read_legacy_file(std::vector<std::unique_ptr<ByteSource>> &sources, const OpenPart &open_part);

} // namespace llmodel::legacy
