#pragma once

#include "tokens/tokens.h"

#include <string>
#include <utility>
#include <vector>

namespace llmodel {

/** Puts a query and a document together as a reranker was trained to see them: by the model's own "rerank" template, if
 *  it has one, with {query} and {document} for the two, or else as BOS query EOS SEP document EOS, of which the model
 *  takes those that it is marked to. Neither query nor document can bring in a control token. */
class RerankPrompt {
  public:
    /** Throws Error if the model has neither a template nor a token to tell query from document. */
    explicit RerankPrompt(const llama_model *weights);

    Tokens operator()(const std::string &query, const std::string &document) const;

  private:
    Tokens by_template(const std::string &query, const std::string &document) const;
    Tokens by_pair(const std::string &query, const std::string &document) const;

    /** A control token, or text if the token is LLAMA_TOKEN_NULL. */
    struct Piece {
        llama_token token = LLAMA_TOKEN_NULL;
        std::string text;
    };

    const llama_vocab *vocab_;
    std::vector<Piece> pieces_;
};

} // namespace llmodel
