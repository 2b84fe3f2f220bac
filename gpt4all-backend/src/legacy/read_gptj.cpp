// GPT-J, as ggml's example wrote it from 2022 to 2023, and GPT4All from it.

#include "legacy/read.h"

#include <limits>
#include <utility>

namespace llmodel::legacy {

void read_gptj(GgufCursor &cursor, LegacyFile &file) {
    Hyperparameters &sizes = file.hyperparameters;
    sizes.n_vocab = read_vocabulary_size(cursor);
    sizes.n_ctx = read_number(cursor, "n_ctx", 1, max_context);
    sizes.n_embd = read_number(cursor, "n_embd", 1, max_width);
    sizes.n_head = read_number(cursor, "n_head", 1, max_heads);
    check_heads(cursor, sizes);
    sizes.n_layer = read_number(cursor, "n_layer", 1, max_layers);
    sizes.n_rot = read_number(cursor, "n_rot", 2, sizes.n_embd / sizes.n_head);
    if (sizes.n_rot % 2 != 0) {
        cursor.fail("n_rot is " + std::to_string(sizes.n_rot) + ", but components are rotated in pairs");
    }
    sizes.file_type = read_number(cursor, "ftype", 0, max_file_type);
    file.layout = layout_of(cursor, sizes.file_type);
    read_number(cursor, "n_vocab of the vocabulary", sizes.n_vocab, sizes.n_vocab);
    for (std::uint32_t i = 0; i < sizes.n_vocab; ++i) {
        Token token;
        read_token(cursor, i, std::numeric_limits<std::uint32_t>::max(), token);
        file.tokens.push_back(std::move(token));
    }
    cursor.clear_subject();
    file.parts.push_back(read_tensors(cursor, file.layout, false));
}

} // namespace llmodel::legacy
