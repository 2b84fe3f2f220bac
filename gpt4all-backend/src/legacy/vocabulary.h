#pragma once

#include "legacy/legacy_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmodel::legacy {

/** U+FFFD: what bytes have become that are no text by themselves. */
inline constexpr std::string_view lost_character = "\xEF\xBF\xBD";

/** As GGUF numbers them. */
enum class TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/** A vocabulary as GGUF has it. */
struct Vocabulary {
    const char *model = "gpt2"; /**< The tokenizer. */
    const char *pre = "gpt-2";  /**< How text is cut up before. */
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    std::vector<float> scores;       /**< Of SentencePiece's tokenizer only. */
    std::vector<std::string> merges; /**< Of a byte-pair tokenizer only. */
    std::optional<std::uint32_t> bos, eos, unknown;
    bool add_bos = false;
    std::uint32_t lost = 0; /**< Tokens whose text the file does not have, so that input is never made of them. */

    void add(std::string text, TokenType type) {
        tokens.push_back(std::move(text));
        types.push_back(static_cast<std::int32_t>(type));
    }
};

Vocabulary llama_vocabulary(const LegacyFile &file);
Vocabulary gptj_vocabulary(const LegacyFile &file);
Vocabulary mpt_vocabulary(const LegacyFile &file);

/** A byte-pair vocabulary of raw bytes. Tokens that `types` calls normal get merges; the others stand as they are.
 *  `types` is as long as `bytes`. */
Vocabulary byte_pair_vocabulary(const std::vector<std::string> &bytes, const std::vector<TokenType> &types,
                                const char *pre);

/** Names tokens that are empty, hold a NUL or occur a second time "[PAD<id>]", and calls them unused, or control tokens
 *  where they were: no two tokens of a GGUF file may be the same. Returns how many. */
std::uint32_t make_unique(Vocabulary &vocabulary);

} // namespace llmodel::legacy
