// MPT, as GPT4All wrote it (ggmm) and as ggml's example did (ggml).

#include "legacy/read.h"

#include <cmath>
#include <utility>

namespace llmodel::legacy {

namespace {

constexpr std::uint32_t special_bit = std::uint32_t{1} << 31;

float read_setting(GgufCursor &cursor, const char *name) {
    const std::uint64_t at = cursor.position();
    const auto value = cursor.number<float>("the header");
    if (!std::isfinite(value) || value < 0 || value > 1e6F) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    std::string(name) + " is " + std::to_string(value) + ", which is not between 0 and a million");
    }
    return value;
}

void read_tokens(GgufCursor &cursor, LegacyFile &file, std::uint32_t special) {
    for (std::uint32_t i = 0; i < file.hyperparameters.n_vocab; ++i) {
        Token token;
        token.special = (read_token(cursor, i, ~special, token) & special) != 0;
        file.tokens.push_back(std::move(token));
    }
    cursor.clear_subject();
}

void read_ggmm(GgufCursor &cursor, LegacyFile &file) {
    Hyperparameters &sizes = file.hyperparameters;
    sizes.n_vocab = read_vocabulary_size(cursor);
    sizes.n_ctx = read_number(cursor, "n_ctx", 1, max_context);
    sizes.n_layer = read_number(cursor, "n_layer", 1, max_layers);
    sizes.n_head = read_number(cursor, "n_head", 1, max_heads);
    sizes.n_embd = read_number(cursor, "n_embd", 1, max_width);
    check_heads(cursor, sizes);
    sizes.alibi_bias_max = read_setting(cursor, "alibi_bias_max");
    sizes.clip_qkv = read_setting(cursor, "clip_qkv");
    sizes.file_type = read_number(cursor, "ftype", 0, max_file_type);
    read_number(cursor, "n_vocab of the vocabulary", sizes.n_vocab, sizes.n_vocab);
    read_tokens(cursor, file, special_bit);
    file.parts.push_back(read_tensors(cursor, file.layout, false));
}

std::uint64_t offset_of(const Error &error) {
    return error.detail().value("offset", std::uint64_t{0});
}

/** A file that was quantised by the example's tool of May 2023 states no version, but is of layout c, or of layout b if
 *  it is a few days older. Whichever leads from tensor to tensor to the end of the file is the right one. */
void read_tensors_of_unknown_layout(GgufCursor cursor, LegacyFile &file) {
    GgufCursor again = cursor;
    try {
        file.layout = Layout::c;
        file.parts.push_back(read_tensors(cursor, file.layout, false));
    } catch (const Error &newer) {
        try {
            file.layout = Layout::b;
            file.parts.push_back(read_tensors(again, file.layout, false));
        } catch (const Error &older) { // the file is damaged: what got further was right
            throw offset_of(older) > offset_of(newer) ? older : newer;
        }
    }
}

void read_example(GgufCursor &cursor, LegacyFile &file) {
    Hyperparameters &sizes = file.hyperparameters;
    sizes.n_embd = read_number(cursor, "d_model", 1, max_width);
    sizes.n_ctx = read_number(cursor, "max_seq_len", 1, max_context);
    sizes.n_head = read_number(cursor, "n_heads", 1, max_heads);
    check_heads(cursor, sizes);
    sizes.n_layer = read_number(cursor, "n_layers", 1, max_layers);
    sizes.n_vocab = read_vocabulary_size(cursor);
    sizes.alibi_bias_max = read_setting(cursor, "alibi_bias_max");
    sizes.clip_qkv = read_setting(cursor, "clip_qkv");
    sizes.file_type = read_number(cursor, "ftype", 0, max_file_type);
    file.layout = layout_of(cursor, sizes.file_type);
    read_tokens(cursor, file, 0);
    if (file.layout == Layout::a) {
        read_tensors_of_unknown_layout(cursor, file);
    } else {
        file.parts.push_back(read_tensors(cursor, file.layout, false));
    }
}

} // namespace

void read_mpt(GgufCursor &cursor, LegacyFile &file) {
    if (file.format == "ggmm") {
        read_ggmm(cursor, file);
    } else {
        read_example(cursor, file);
    }
}

} // namespace llmodel::legacy
