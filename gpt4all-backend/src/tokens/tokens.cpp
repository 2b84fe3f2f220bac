#include "tokens/tokens.h"

#include "tokens/special_tokens.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace llmodel {

namespace {

// A token has at least one byte of text; beyond that come BOS, EOS and the space that some vocabularies put in front,
// which may take three tokens.
constexpr size_t special_tokens_max = 16;

// Shorter texts are tokenised faster than the vocabulary is looked through.
constexpr size_t check_fits_from = size_t{64} << 10;

void check_vocab(const llama_vocab *vocab, bool add_special, std::string_view where) {
    const enum llama_vocab_type type = llama_vocab_type(vocab);
    if (type == LLAMA_VOCAB_TYPE_NONE) {
        throw Error(LLMODEL_UNSUPPORTED,
                    "the model has no tokenizer, so " + std::string(where) + " must be given as token ids");
    }
    if (!add_special) {
        return;
    }
    // llama.cpp asserts that these exist where it puts them in
    const bool word_piece = type == LLAMA_VOCAB_TYPE_WPM;
    const auto require = [](bool wanted, llama_token token, const char *name) {
        if (wanted && token == LLAMA_TOKEN_NULL) {
            throw Error(LLMODEL_INVALID_MODEL, std::string("the model requires a ") + name +
                                                   " token with every text but defines none; " +
                                                   "convert it again, or give token ids instead of text");
        }
    };
    require(word_piece || llama_vocab_get_add_bos(vocab), llama_vocab_bos(vocab), "BOS");
    require(word_piece, llama_vocab_sep(vocab), "SEP");
    require(!word_piece && llama_vocab_get_add_eos(vocab), llama_vocab_eos(vocab), "EOS");
}

llama_token token_id(const json &value, size_t position, int32_t n_vocab, std::string_view where) {
    // a JSON Schema "integer" may be written as 1.0
    const double id = value.is_number() ? value.get<double>() : -1.0;
    if (id < 0.0 || id >= static_cast<double>(n_vocab)) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    "item " + std::to_string(position) + " of " + std::string(where) + " is token " + value.dump() +
                        ", but the model's go from 0 to " + std::to_string(n_vocab - 1),
                    {{"position", position}, {"token", value}, {"n_vocab", n_vocab}});
    }
    return static_cast<llama_token>(id);
}

Tokens split(std::string_view text, const llama_vocab *vocab, bool add_special, bool parse_special,
             std::string_view where) {
    check_vocab(vocab, add_special, where);
    if (text.size() > std::numeric_limits<int32_t>::max() - special_tokens_max) {
        throw Error(LLMODEL_INVALID_ARGUMENT, std::string(where) + " has " + std::to_string(text.size()) +
                                                  " bytes; a text has at most 2^31 - 17");
    }
    Tokens tokens(text.size() + special_tokens_max);
    const auto run = [&] {
        return llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), tokens.data(),
                              static_cast<int32_t>(tokens.size()), add_special, parse_special);
    };
    int32_t count = run();
    if (count < 0 && count != std::numeric_limits<int32_t>::min()) {
        tokens.resize(static_cast<size_t>(-count));
        count = run();
    }
    if (count < 0) {
        throw Error(LLMODEL_INVALID_ARGUMENT, std::string(where) + " cannot be split into tokens: it makes too many");
    }
    tokens.resize(static_cast<size_t>(count));
    tokens.shrink_to_fit();
    return tokens;
}

} // namespace

Tokens tokenize(std::string_view text, const llama_vocab *vocab, bool add_special, const InputSpans &input,
                std::string_view where) {
    const SpecialTokenGuard guard(input);
    return split(text, vocab, add_special, true, where);
}

Tokens tokenize(std::string_view text, const llama_vocab *vocab, bool add_special, bool parse_special,
                std::string_view where) {
    if (parse_special) {
        return split(text, vocab, add_special, true, where);
    }
    // llama.cpp alone would still take pieces of text that happen to form a control token's name for that token
    static const InputSpans all = InputSpans::all();
    const SpecialTokenGuard guard(all);
    return split(text, vocab, add_special, false, where);
}

void check_fits(std::string_view text, const llama_vocab *vocab, size_t limit, std::string_view where) {
    const enum llama_vocab_type type = llama_vocab_type(vocab);
    // the others may drop or replace parts of a text
    if (text.size() < check_fits_from || (type != LLAMA_VOCAB_TYPE_SPM && type != LLAMA_VOCAB_TYPE_BPE)) {
        return;
    }
    size_t longest = 1;
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        const char *spelling = llama_vocab_get_text(vocab, token);
        longest = std::max(longest, spelling == nullptr ? 0 : std::strlen(spelling));
    }
    if (text.size() / longest > limit) {
        throw Error(LLMODEL_CONTEXT_OVERFLOW,
                    std::string(where) + " has " + std::to_string(text.size()) + " bytes, which is at least " +
                        std::to_string(text.size() / longest) + " tokens, but the model takes " +
                        std::to_string(limit) + "; cut or split it",
                    {{"n_tokens", text.size() / longest}, {"limit", limit}});
    }
}

Tokens tokens_of(const json &text_or_tokens, const llama_vocab *vocab, bool add_special, bool parse_special,
                 std::string_view where) {
    if (text_or_tokens.is_string()) {
        return tokenize(text_or_tokens.get_ref<const std::string &>(), vocab, add_special, parse_special, where);
    }
    if (!text_or_tokens.is_array()) {
        throw Error(LLMODEL_INVALID_ARGUMENT, std::string(where) + " must be a string or an array of token ids");
    }
    const int32_t n_vocab = llama_vocab_n_tokens(vocab);
    Tokens tokens;
    tokens.reserve(text_or_tokens.size());
    for (size_t i = 0; i < text_or_tokens.size(); ++i) {
        const json &item = text_or_tokens[i];
        if (item.is_string()) {
            const Tokens piece =
                tokenize(item.get_ref<const std::string &>(), vocab, add_special && i == 0, parse_special, where);
            tokens.insert(tokens.end(), piece.begin(), piece.end());
        } else {
            tokens.push_back(token_id(item, i, n_vocab, where));
        }
    }
    return tokens;
}

} // namespace llmodel
