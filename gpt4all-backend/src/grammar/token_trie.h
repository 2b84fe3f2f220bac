#pragma once

#include "llama-grammar.h"

#include <cstdint>
#include <vector>

namespace llmodel {

/** The code points of a vocabulary's tokens as a trie, so that what many tokens begin with is looked at once. Nothing
 *  changes it once it is made: any number of threads may read it. */
class TokenTrie {
  public:
    struct Node {
        uint32_t chr;
        uint32_t depth;
        uint32_t end;         // behind the last node below
        uint32_t first_token; // of those that end here, and below
    };
    struct Token {
        llama_token id;
        llama_partial_utf8 rest; // of a code point that it begins, but does not end
    };

    explicit TokenTrie(const llama_vocab &vocab);

    /** In the order of a walk that goes down first: the root, and at the end one more, which is no node. */
    const std::vector<Node> &nodes() const { return nodes_; }
    /** In the order of the nodes. Those that no grammar admits by their text are missing. */
    const std::vector<Token> &tokens() const { return tokens_; }
    const std::vector<llama_token> &ends_of_generation() const { return ends_of_generation_; }
    uint32_t depth() const { return depth_; }

    /** The one of a vocabulary, made when it is first asked for, which may be on several threads at once. */
    static const TokenTrie &of(const llama_vocab &vocab);

  private:
    std::vector<Node> nodes_;
    std::vector<Token> tokens_;
    std::vector<llama_token> ends_of_generation_;
    uint32_t depth_ = 0;
};

} // namespace llmodel
