// MPT's vocabulary: GPT-NeoX's. GPT4All's files, and the first of ggml's example, have it as text: what is no whole
// character by itself has become U+FFFD, and a space before some endings is gone, as transformers cleans up. Later
// files of the example have the bytes, each as the code point of the same number.

#include "gguf/utf8.h"
#include "legacy/byte_pairs.h"
#include "legacy/vocabulary.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace llmodel::legacy {

namespace {

// GPT-NeoX: <|endoftext|>, <|padding|>, the 243 bytes that occur in UTF-8 by their characters, merges, and from this id
// on runs of spaces that were added.
constexpr std::uint32_t first_byte_id = 2;
constexpr std::uint32_t first_added_id = 50254;

/** The code points of valid UTF-8, one after the other. */
class CodePoints {
  public:
    explicit CodePoints(std::string_view text) : text_(text) {}

    bool next(char32_t &code_point) {
        if (at_ >= text_.size()) {
            return false;
        }
        const auto byte = [this](std::size_t i) { return static_cast<std::uint8_t>(text_[i]); };
        const std::uint8_t lead = byte(at_);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        code_point = length == 1 ? lead : lead & (0x7FU >> length);
        for (std::size_t i = 1; i < length; ++i) {
            code_point = code_point << 6 | (byte(at_ + i) & 0x3FU);
        }
        at_ += length;
        return true;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

/** The bytes whose numbers are the code points of `text`; false if one is above 255. */
bool to_bytes(std::string_view text, std::string &bytes) {
    bytes.clear();
    if (!is_valid_utf8(text)) {
        return false;
    }
    CodePoints points(text);
    for (char32_t point = 0; points.next(point);) {
        if (point > 0xFF) {
            return false;
        }
        bytes += static_cast<char>(point);
    }
    return true;
}

/** Whether the vocabulary has bytes as code points. Text has characters beyond them, U+FFFD if no other. */
bool has_bytes(const std::vector<Token> &tokens) {
    std::string ignored;
    return std::all_of(tokens.begin(), tokens.end(), [&](const Token &token) { return to_bytes(token.text, ignored); });
}

/** The bytes that GPT-NeoX's vocabulary begins with: those that UTF-8 uses, sorted by the characters that stand for
 *  them. */
std::vector<std::uint8_t> bytes_of_neox() {
    std::vector<std::uint8_t> bytes;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        if (byte != 0xC0 && byte != 0xC1 && byte < 0xF5) {
            bytes.push_back(static_cast<std::uint8_t>(byte));
        }
    }
    std::sort(bytes.begin(), bytes.end(), [](std::uint8_t left, std::uint8_t right) {
        return code_point_of_byte(left) < code_point_of_byte(right);
    });
    return bytes;
}

/** Puts back the bytes from 0x80 on, which are known by their place if those below are where GPT-NeoX has them. */
void restore_bytes(std::vector<std::string> &texts) {
    const std::vector<std::uint8_t> bytes = bytes_of_neox();
    if (texts.size() < first_byte_id + bytes.size()) {
        return;
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::string &text = texts[first_byte_id + i];
        if (bytes[i] > 0x20 && bytes[i] < 0x7F && text != std::string(1, static_cast<char>(bytes[i]))) {
            return;
        }
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (texts[first_byte_id + i] == lost_character) {
            texts[first_byte_id + i] = std::string(1, static_cast<char>(bytes[i]));
        }
    }
}

/** transformers takes the space out of " ." and the like. Of two tokens that look the same since then, the later one
 *  had it. */
void restore_spaces(std::vector<std::string> &texts) {
    static constexpr std::array<std::string_view, 10> cleaned{".", "?", "!", ",", "'", "n't", "'m", "'s", "'ve", "'re"};
    std::unordered_set<std::string> seen;
    const std::unordered_set<std::string> all(texts.begin(), texts.end());
    for (std::string &text : texts) {
        if (std::find(cleaned.begin(), cleaned.end(), text) == cleaned.end() || seen.insert(text).second) {
            continue;
        }
        if (std::string spaced = " " + text; !all.contains(spaced) && seen.insert(spaced).second) {
            text = std::move(spaced);
        }
    }
}

TokenType type_of(const Token &token, const std::string &bytes, std::size_t id) {
    const bool is_marked = bytes.size() > 4 && bytes.starts_with("<|") && bytes.ends_with("|>");
    if (token.special || is_marked) {
        return TokenType::control;
    }
    const bool is_run_of_spaces = bytes.size() > 1 && bytes.find_first_not_of(' ') == std::string::npos;
    return id >= first_added_id && is_run_of_spaces ? TokenType::user_defined : TokenType::normal;
}

} // namespace

Vocabulary mpt_vocabulary(const LegacyFile &file) {
    const bool as_text = file.format == "ggmm" || !has_bytes(file.tokens);
    std::vector<std::string> texts;
    for (const Token &token : file.tokens) {
        std::string bytes = token.text;
        if (!as_text) {
            to_bytes(token.text, bytes);
        }
        texts.push_back(std::move(bytes));
    }
    std::uint32_t lost = 0;
    if (as_text) {
        restore_bytes(texts);
        restore_spaces(texts);
        for (std::string &text : texts) {
            if (text.find(lost_character) != std::string::npos) {
                text.clear();
                ++lost;
            }
        }
    }
    std::vector<TokenType> types;
    for (std::size_t id = 0; id < texts.size(); ++id) {
        types.push_back(type_of(file.tokens[id], texts[id], id));
    }
    Vocabulary vocabulary = byte_pair_vocabulary(texts, types, "mpt");
    vocabulary.lost = lost;
    return vocabulary;
}

} // namespace llmodel::legacy
