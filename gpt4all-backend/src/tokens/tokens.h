#pragma once

#include "error.h"
#include "llama.h"
#include "tokens/input_spans.h"

#include <string>
#include <string_view>
#include <vector>

namespace llmodel {

using Tokens = std::vector<llama_token>;

/** The tokens of `text`. `add_special` puts what the model wants before and after a text (BOS, CLS, EOS, SEP);
 *  `parse_special` reads the spelling of a control token as that token, which untrusted text must not be able to
 *  do. `where` names the text in errors. Throws Error. */
Tokens tokenize(std::string_view text, const llama_vocab *vocab, bool add_special, bool parse_special,
                std::string_view where = "the input");

/** The same with `parse_special` for all but `input`: a control token's name is that token only where none of its bytes
 *  comes from there. */
Tokens tokenize(std::string_view text, const llama_vocab *vocab, bool add_special, const InputSpans &input,
                std::string_view where = "the input");

/** Throws Error(LLMODEL_CONTEXT_OVERFLOW) if `text` is so long that it must have more than `limit` tokens, however it
 * is split: tokenising many megabytes takes a minute, which nothing can interrupt. */
void check_fits(std::string_view text, const llama_vocab *vocab, size_t limit, std::string_view where = "the input");

/** The tokens that a request means: those of a string, or of an array in which ids and pieces of text are mixed. Ids
 * are taken as they are, once they are known to lie within the vocabulary; `add_special` counts for a string, and for a
 *  piece of text that an array begins with. Throws Error. */
Tokens tokens_of(const json &text_or_tokens, const llama_vocab *vocab, bool add_special, bool parse_special,
                 std::string_view where = "the input");

} // namespace llmodel
