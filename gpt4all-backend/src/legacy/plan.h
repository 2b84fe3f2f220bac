#pragma once

#include "gguf/gguf_file.h"
#include "legacy/gguf_header.h"
#include "legacy/legacy_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace llmodel::legacy {

/** How the rows of a tensor that is shared by several files lie in them. */
enum class Split { none, rows, columns };

/** What a tensor of the translation is made of. */
struct TensorSource {
    struct Piece {
        std::size_t part = 0;
        std::uint64_t offset = 0;
    };
    ElementType type;
    std::vector<Piece> pieces; /**< In the order of the files; empty: the values are all 0. */
    Split split = Split::none;
    bool transposed = false; /**< Stored with rows and columns exchanged; float types only. */
    /** Above 0: in each group of so many rows (a head), the first `rotated` lie as pairs whose firsts are to come
     * before their seconds: GPT-J's order of rotated components into that of NeoX. */
    std::int64_t head_rows = 0;
    std::int64_t rotated = 0;
};

struct OutputTensor {
    std::string name;
    std::string source_name;
    ggml_type type = GGML_TYPE_F32;
    std::uint32_t n_dims = 1;
    std::int64_t ne0 = 1; /**< Values in a row. */
    std::int64_t ne1 = 1; /**< Rows. */
    TensorSource source;

    std::uint64_t size() const { return ggml_row_size(type, ne0) * static_cast<std::uint64_t>(ne1); }
};

/** What becomes of types that llama.cpp no longer has, and numbers that the files do not say. */
struct TranslationOptions {
    std::string q4_2_type = "auto"; /**< F32, F16, Q8_0 or Q6_K; auto: Q6_K, or Q8_0 where rows don't fit its blocks. */
    std::string q4_3_type = "auto"; /**< The same; auto: Q8_0. */
    float rms_norm_eps = 0;         /**< LLaMA; 0: 1e-6, or 1e-5 for LLaMA 2 70B. */
    float rope_freq_base = 0;       /**< LLaMA; 0: 10000. */
    std::uint32_t n_ctx = 0;        /**< Tokens; 0: what the file says, and 2048 for LLaMA. */
    bool add_space_prefix = false;  /**< LLaMA. */
    std::string name;               /**< Of the model; empty: none. */
};

/** A translation into GGUF: all of the new file but the values of its tensors, and where they come from. */
struct Plan {
    GgufHeader header;
    std::vector<OutputTensor> tensors; /**< In the order of the new file. */
    std::vector<std::string> choices;  /**< What was decided that the file does not say, a sentence each. */
    std::string format;                /**< Of the old file: ggml, ggmf, ggjt, ggmm or gguf. */
    std::uint32_t version = 0;         /**< Of that format; 0 for none. */
    std::string architecture;          /**< That of the model. */
    std::string runs_as;               /**< That of the new file. */

    /** Of the new file, in bytes. */
    std::uint64_t size() const;
};

/** Throws Error(LLMODEL_INVALID_MODEL) for tensors that are missing, of other shapes than the header implies, or of no
 *  such model, and Error(LLMODEL_UNSUPPORTED) for what cannot be translated. */
Plan plan_translation(const LegacyFile &file, const TranslationOptions &options);

/** The same for a GGUF file of the architecture gptj, which llama.cpp cannot run by that name. */
Plan plan_translation(const GgufFile &file, const TranslationOptions &options);

/** Increased whenever the same file is translated differently, so that earlier translations are not used. */
constexpr std::uint32_t translation_version = 1;

} // namespace llmodel::legacy
