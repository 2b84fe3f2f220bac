// GPT-J's vocabulary: GPT-2's in its order as raw bytes, then <|extratoken_1|> to <|extratoken_143|>.

#include "legacy/vocabulary.h"

namespace llmodel::legacy {

Vocabulary gptj_vocabulary(const LegacyFile &file) {
    std::vector<std::string> bytes;
    std::vector<TokenType> types;
    for (const Token &token : file.tokens) {
        bytes.push_back(token.text);
        const bool is_added = token.text.size() > 4 && token.text.starts_with("<|") && token.text.ends_with("|>");
        types.push_back(!is_added                       ? TokenType::normal
                        : token.text == "<|endoftext|>" ? TokenType::control
                                                        : TokenType::user_defined);
    }
    return byte_pair_vocabulary(bytes, types, "gpt-2");
}

} // namespace llmodel::legacy
