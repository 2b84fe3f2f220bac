// LLaMA's vocabulary: SentencePiece pieces, of which the files of 2023 have the texts and, later, the scores.

#include "legacy/vocabulary.h"

#include <cstdio>
#include <utility>

namespace llmodel::legacy {

namespace {

constexpr std::uint32_t first_byte = 3; // the 256 bytes follow <unk>, <s> and </s>
constexpr std::uint32_t last_byte = first_byte + 255;
constexpr std::uint32_t own_tokens = 32000; // of LLaMA; what follows was added by others

std::string byte_name(std::uint32_t byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    return name;
}

std::string with_visible_spaces(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == ' ') {
            result += "\xE2\x96\x81"; // U+2581
        } else {
            result += c;
        }
    }
    return result;
}

/** The oldest files have no scores, but pieces are numbered from the best score to the worst, by which SentencePiece
 *  chooses: -1, -2 and so on. Only pieces of nothing but spaces are wherever they are, with the worst of all. */
float score_by_number(std::uint32_t id, std::string_view text) {
    constexpr float worst = -1e9F;
    if (id <= last_byte) {
        return 0.0F;
    }
    return text.find_first_not_of(' ') == std::string_view::npos ? worst : -static_cast<float>(id - last_byte - 1);
}

void add_token(Vocabulary &vocabulary, const Token &token, std::uint32_t id) {
    const std::string &text = token.text;
    const bool is_byte_id = id >= first_byte && id <= last_byte;
    const bool is_padding = id >= own_tokens && (text == "<pad>" || text == "[PAD]");
    if (id == 0) {
        vocabulary.add("<unk>", TokenType::unknown);
    } else if (id <= 2) {
        vocabulary.add(id == 1 ? "<s>" : "</s>", TokenType::control);
    } else if (text.empty() || token.special || is_padding) {
        vocabulary.add(text, TokenType::control);
    } else if (is_byte_id && text.size() == 1) {
        vocabulary.add(byte_name(static_cast<std::uint8_t>(text[0])), TokenType::byte);
    } else if (is_byte_id && text == lost_character) {
        vocabulary.add(byte_name(id - first_byte), TokenType::byte);
    } else if (id >= own_tokens) {
        vocabulary.add(text, TokenType::user_defined);
    } else {
        vocabulary.add(with_visible_spaces(text), TokenType::normal);
    }
}

} // namespace

Vocabulary llama_vocabulary(const LegacyFile &file) {
    Vocabulary vocabulary;
    vocabulary.model = "llama";
    vocabulary.pre = "default";
    vocabulary.add_bos = true;
    vocabulary.unknown = 0;
    vocabulary.bos = 1;
    vocabulary.eos = 2;
    for (std::uint32_t id = 0; id < file.tokens.size(); ++id) {
        add_token(vocabulary, file.tokens[id], id);
        vocabulary.scores.push_back(file.has_scores ? file.tokens[id].score
                                                    : score_by_number(id, file.tokens[id].text));
    }
    vocabulary.lost = make_unique(vocabulary);
    return vocabulary;
}

} // namespace llmodel::legacy
