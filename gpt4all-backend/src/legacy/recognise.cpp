// Three formats begin with the same magic, 'ggml', and no version. They are told apart by numbers of their headers that
// depend on each other.

#include "legacy/recognise.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

namespace llmodel::legacy {

namespace {

constexpr std::uint32_t magic_ggml = 0x67676d6c;
constexpr std::uint32_t magic_ggmf = 0x67676d66;
constexpr std::uint32_t magic_ggjt = 0x67676a74;
constexpr std::uint32_t magic_ggmm = 0x67676d6d;

constexpr std::size_t words_seen = 9;
using Words = std::array<std::uint32_t, words_seen>; // after the magic

/** n_vocab, n_ctx, n_embd, n_head, n_layer, n_rot, ftype, and n_vocab again. */
bool is_gptj(const Words &words) {
    return words[0] == words[7] && words[3] > 0 && words[2] % words[3] == 0;
}

/** n_vocab, n_embd, n_mult, n_head, n_layer, n_rot = n_embd / n_head, ftype, and the length of the first token. */
bool is_llama(const Words &words) {
    return words[3] > 0 && words[1] % words[3] == 0 && words[5] == words[1] / words[3] && words[5] > 0;
}

/** d_model, max_seq_len, n_heads, n_layers, n_vocab, and as floats alibi_bias_max and clip_qkv. */
bool is_mpt(const Words &words) {
    const auto is_sensible = [](std::uint32_t bits) {
        const float value = std::bit_cast<float>(bits);
        return bits == 0 || (std::isnormal(value) && value >= 1e-3F && value <= 1e6F);
    };
    return words[2] > 0 && words[0] % words[2] == 0 && is_sensible(words[5]) && is_sensible(words[6]);
}

/** n_vocab, n_ctx, n_embd, n_head, n_layer, ftype, and n_vocab again: also StarCoder and others made after it. */
bool is_gpt2(const Words &words) {
    return words[0] == words[6];
}

Architecture of_ggml(GgufCursor &cursor) {
    Words words{};
    cursor.need(sizeof words, "the header");
    cursor.peek(std::as_writable_bytes(std::span(words)));
    if (is_gptj(words)) {
        return Architecture::gptj;
    }
    if (is_llama(words)) {
        return Architecture::llama;
    }
    if (is_gpt2(words)) {
        cursor.fail(LLMODEL_UNSUPPORTED, 4,
                    "the header is that of GPT-2 or a similar model; of the files without a version, those of "
                    "LLaMA, GPT-J and MPT are supported; look for the model as GGUF");
    }
    if (is_mpt(words)) {
        return Architecture::mpt;
    }
    cursor.fail(LLMODEL_UNSUPPORTED, 4,
                "the header is not that of LLaMA, GPT-J or MPT, which are supported; look for the model as GGUF");
}

std::uint32_t version_of(GgufCursor &cursor, std::uint32_t newest) {
    const std::uint64_t at = cursor.position();
    const auto version = cursor.number<std::uint32_t>("the version");
    if (version < 1 || version > newest) {
        cursor.fail(LLMODEL_UNSUPPORTED, at,
                    "version " + std::to_string(version) + " of the format is unknown; versions 1 to " +
                        std::to_string(newest) + " are supported");
    }
    return version;
}

} // namespace

bool is_legacy_magic(std::string_view magic) {
    std::uint32_t number = 0;
    if (magic.size() != sizeof number) {
        return false;
    }
    std::memcpy(&number, magic.data(), sizeof number);
    return number == magic_ggml || number == magic_ggmf || number == magic_ggjt || number == magic_ggmm;
}

LegacyFile recognise(GgufCursor &cursor) {
    LegacyFile file;
    switch (cursor.number<std::uint32_t>("the magic")) {
    case magic_ggml:
        file.format = "ggml";
        file.architecture = of_ggml(cursor);
        break;
    case magic_ggmf:
        file.format = "ggmf";
        file.version = version_of(cursor, 1);
        break;
    case magic_ggjt:
        file.format = "ggjt";
        file.version = version_of(cursor, 3);
        file.layout = file.version == 1 ? Layout::a : file.version == 2 ? Layout::b : Layout::c;
        break;
    case magic_ggmm:
        file.format = "ggmm";
        file.architecture = Architecture::mpt;
        break;
    default:
        cursor.fail(LLMODEL_UNSUPPORTED, 0, "the file is in none of the formats ggml, ggmf, ggjt and ggmm");
    }
    return file;
}

} // namespace llmodel::legacy
