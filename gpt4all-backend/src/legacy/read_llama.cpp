// LLaMA, as llama.cpp and its converters wrote it from March to August 2023.

#include "legacy/read.h"
#include "legacy/recognise.h"

#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace llmodel::legacy {

namespace {

constexpr std::uint32_t context_of_llama = 2048; // the file does not say it
constexpr std::int64_t max_parts = 64;
constexpr std::string_view embeddings = "tok_embeddings.weight";

/** A file that ends its vocabulary one token early, as gpt4all-lora-quantized.bin, goes on with the first tensor. */
bool is_first_tensor(GgufCursor &cursor) {
    constexpr std::size_t head_bytes = 5 * sizeof(std::uint32_t); // dimensions, length of the name, type, shape
    std::array<char, head_bytes + embeddings.size()> bytes{};
    if (!cursor.peek(std::as_writable_bytes(std::span(bytes)))) {
        return false;
    }
    std::array<std::uint32_t, 2> words{};
    std::memcpy(words.data(), bytes.data(), sizeof words);
    return words[0] == 2 && words[1] == embeddings.size() &&
           std::string_view(bytes.data() + head_bytes, embeddings.size()) == embeddings;
}

void read_vocabulary(GgufCursor &cursor, LegacyFile &file) {
    const std::uint32_t count = file.hyperparameters.n_vocab;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!file.has_scores && i + 1 == count && is_first_tensor(cursor)) {
            file.lacks_last_token = true;
            file.tokens.push_back({"<pad>", 0, true});
            break;
        }
        Token token;
        read_token(cursor, i, std::numeric_limits<std::uint32_t>::max(), token);
        if (file.has_scores) {
            token.score = cursor.number<float>("the score of the token");
        }
        file.tokens.push_back(std::move(token));
    }
    cursor.clear_subject();
}

bool same_shape(const Hyperparameters &left, const Hyperparameters &right) {
    return left.n_vocab == right.n_vocab && left.n_embd == right.n_embd && left.n_mult == right.n_mult &&
           left.n_head == right.n_head && left.n_layer == right.n_layer && left.file_type == right.file_type;
}

} // namespace

void read_llama(GgufCursor &cursor, LegacyFile &file) {
    Hyperparameters &sizes = file.hyperparameters;
    sizes.n_vocab = read_vocabulary_size(cursor);
    sizes.n_embd = read_number(cursor, "n_embd", 1, max_width);
    sizes.n_mult = read_number(cursor, "n_mult", 1, max_width);
    sizes.n_head = read_number(cursor, "n_head", 1, max_heads);
    check_heads(cursor, sizes);
    sizes.n_layer = read_number(cursor, "n_layer", 1, max_layers);
    sizes.n_rot = read_number(cursor, "n_rot", sizes.n_embd / sizes.n_head, sizes.n_embd / sizes.n_head);
    sizes.file_type = read_number(cursor, "ftype", 0, max_file_type);
    sizes.n_ctx = context_of_llama;
    file.has_scores = file.format != "ggml";
    read_vocabulary(cursor, file);
    file.parts.push_back(read_tensors(cursor, file.layout, file.format == "ggjt"));
}

void read_llama_parts(LegacyFile &file, std::vector<std::unique_ptr<ByteSource>> &sources, const OpenPart &open_part) {
    const Tensor *first = file.parts.front().find(embeddings);
    if (first == nullptr || file.format == "ggjt" || first->ne0 == file.hyperparameters.n_embd) {
        return;
    }
    const std::int64_t width = file.hyperparameters.n_embd;
    const std::int64_t count = width % first->ne0 == 0 ? width / first->ne0 : 0;
    if (count < 2 || count > max_parts) {
        throw Error(LLMODEL_INVALID_MODEL,
                    "'" + file.path + "': tensor '" + first->name + "', at byte " + std::to_string(first->info_offset) +
                        ": it has rows of " + std::to_string(first->ne0) + " values, which does not divide the " +
                        std::to_string(width) + " in the header into parts",
                    {{"path", file.path}, {"offset", first->info_offset}, {"tensor", first->name}});
    }
    for (std::size_t i = 1; i < static_cast<std::size_t>(count); ++i) {
        sources.push_back(open_part(i));
        GgufCursor cursor(*sources.back());
        LegacyFile part = recognise(cursor);
        if (part.format != file.format || part.architecture != file.architecture) {
            cursor.fail(LLMODEL_INVALID_MODEL, 0, "it is not a part of the model that begins with '" + file.path + "'");
        }
        read_llama(cursor, part);
        if (!same_shape(part.hyperparameters, file.hyperparameters)) {
            cursor.fail(LLMODEL_INVALID_MODEL, 0, "its header differs from that of '" + file.path + "'");
        }
        file.parts.push_back(std::move(part.parts.front()));
    }
}

} // namespace llmodel::legacy
