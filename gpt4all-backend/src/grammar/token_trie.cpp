#include "grammar/token_trie.h"

#include "llama-vocab.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>

namespace llmodel {

TokenTrie::TokenTrie(const llama_vocab &vocab) {
    std::vector<llama_token> ids;
    for (llama_token id = 0; id < static_cast<llama_token>(vocab.n_tokens()); ++id) {
        if (vocab.is_eog(id)) {
            ends_of_generation_.push_back(id);
        } else if (const std::string &piece = vocab.token_to_piece(id); !piece.empty() && piece[0] != 0) {
            ids.push_back(id);
        }
    }
    // Bytes of UTF-8 are in the order of code points. Where a piece is not UTF-8, a node may come twice, which does no
    // harm.
    std::sort(ids.begin(), ids.end(), [&](llama_token one, llama_token other) {
        return vocab.token_to_piece(one) < vocab.token_to_piece(other);
    });

    std::vector<uint32_t> path = {0}; // from the root to the node of the last token
    std::vector<std::pair<uint32_t, Token>> found;
    nodes_.push_back({0, 0, 0, 0});
    const auto leave = [&](size_t depth) {
        for (; path.size() > depth; path.pop_back()) {
            nodes_[path.back()].end = static_cast<uint32_t>(nodes_.size());
        }
    };
    for (const llama_token id : ids) {
        auto [text, rest] = llama_grammar_decode_utf8(vocab.token_to_piece(id), {});
        if (rest.n_remain < 0) {
            continue; // not UTF-8
        }
        text.erase(std::find(text.begin(), text.end(), 0U), text.end());
        size_t depth = 0; // in common with the last one
        while (depth < text.size() && depth + 1 < path.size() && nodes_[path[depth + 1]].chr == text[depth]) {
            ++depth;
        }
        leave(depth + 1);
        for (; depth < text.size(); ++depth) {
            path.push_back(static_cast<uint32_t>(nodes_.size()));
            nodes_.push_back({text[depth], static_cast<uint32_t>(depth + 1), 0, 0});
        }
        depth_ = std::max(depth_, static_cast<uint32_t>(depth));
        found.emplace_back(path.back(), Token{id, rest});
    }
    leave(0);

    std::stable_sort(found.begin(), found.end(),
                     [](const auto &one, const auto &other) { return one.first < other.first; });
    nodes_.push_back({0, 0, static_cast<uint32_t>(nodes_.size() + 1), 0});
    for (const auto &[node, token] : found) {
        ++nodes_[node + 1].first_token; // how many, at first
        tokens_.push_back(token);
    }
    std::for_each(nodes_.begin(), nodes_.end(), [before = uint32_t{0}](Node &node) mutable {
        before += node.first_token;
        node.first_token = before;
    });
    nodes_.shrink_to_fit();
}

const TokenTrie &TokenTrie::of(const llama_vocab &vocab) {
    std::call_once(vocab.kept_for_masks.once,
                   [&] { vocab.kept_for_masks.what = std::make_shared<const TokenTrie>(vocab); });
    return *static_cast<const TokenTrie *>(vocab.kept_for_masks.what.get());
}

} // namespace llmodel
