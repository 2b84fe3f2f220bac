#include "legacy/vocabulary.h"

#include "legacy/byte_pairs.h"

#include <unordered_set>
#include <utility>

namespace llmodel::legacy {

std::uint32_t make_unique(Vocabulary &vocabulary) {
    std::unordered_set<std::string> seen;
    seen.reserve(vocabulary.tokens.size());
    std::vector<std::size_t> nameless;
    for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
        const std::string &text = vocabulary.tokens[id];
        if (text.empty() || text.find('\0') != std::string::npos || !seen.insert(text).second) {
            nameless.push_back(id);
        }
    }
    for (const std::size_t id : nameless) {
        std::string name = "[PAD" + std::to_string(id) + "]";
        while (!seen.insert(name).second) {
            name += "_";
        }
        vocabulary.tokens[id] = std::move(name);
        std::int32_t &type = vocabulary.types[id];
        if (type != static_cast<std::int32_t>(TokenType::control)) {
            type = static_cast<std::int32_t>(TokenType::unused);
        }
    }
    return static_cast<std::uint32_t>(nameless.size());
}

Vocabulary byte_pair_vocabulary(const std::vector<std::string> &bytes, const std::vector<TokenType> &types,
                                const char *pre) {
    Vocabulary vocabulary;
    vocabulary.pre = pre;
    std::vector<std::string_view> mergeable(bytes.size());
    for (std::size_t id = 0; id < bytes.size(); ++id) {
        const bool is_normal = types[id] == TokenType::normal;
        vocabulary.add(is_normal ? to_byte_characters(bytes[id]) : bytes[id], types[id]);
        if (is_normal) {
            mergeable[id] = bytes[id];
        }
        if (bytes[id] == "<|endoftext|>" && !vocabulary.eos) {
            vocabulary.bos = vocabulary.eos = static_cast<std::uint32_t>(id);
        }
    }
    for (const auto &[left, right] : recover_merges(mergeable)) {
        vocabulary.merges.push_back(vocabulary.tokens[left] + " " + vocabulary.tokens[right]);
    }
    make_unique(vocabulary);
    return vocabulary;
}

} // namespace llmodel::legacy
