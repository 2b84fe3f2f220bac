#include "contexts/rerank_prompt.h"

#include <algorithm>
#include <string_view>

namespace llmodel {

namespace {

using NamedToken = std::pair<std::string, llama_token>;

std::vector<NamedToken> control_tokens(const llama_vocab *vocab) {
    std::vector<NamedToken> found;
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        const char *text = llama_vocab_get_text(vocab, token);
        if (llama_vocab_is_control(vocab, token) && text != nullptr && *text != '\0') {
            found.emplace_back(text, token);
        }
    }
    // the longest name first, in case that one begins with another
    std::ranges::sort(found, [](const auto &a, const auto &b) { return a.first.size() > b.first.size(); });
    return found;
}

/** `text` with both placeholders filled in at once, so that a query cannot name the document's. */
std::string fill_in(std::string_view text, const std::string &query, const std::string &document) {
    constexpr std::string_view query_mark = "{query}";
    constexpr std::string_view document_mark = "{document}";
    std::string filled;
    for (size_t i = 0; i < text.size();) {
        if (text.substr(i).starts_with(query_mark)) {
            filled += query;
            i += query_mark.size();
        } else if (text.substr(i).starts_with(document_mark)) {
            filled += document;
            i += document_mark.size();
        } else {
            filled += text[i++];
        }
    }
    return filled;
}

} // namespace

RerankPrompt::RerankPrompt(const llama_model *weights) : vocab_(llama_model_get_vocab(weights)) {
    const char *text = llama_model_chat_template(weights, "rerank");
    if (text == nullptr) {
        const bool has_end = llama_vocab_get_add_eos(vocab_) || llama_vocab_get_add_sep(vocab_);
        if (!has_end || (llama_vocab_eos(vocab_) == LLAMA_TOKEN_NULL && llama_vocab_sep(vocab_) == LLAMA_TOKEN_NULL)) {
            throw Error(LLMODEL_UNSUPPORTED,
                        "the model file does not say how to combine a query and a document: it has "
                        "no \"rerank\" template and no EOS or SEP token; convert it again");
        }
        return;
    }
    const std::vector<NamedToken> controls = control_tokens(vocab_);
    std::string_view rest = text;
    pieces_.emplace_back();
    while (!rest.empty()) {
        const auto control =
            std::ranges::find_if(controls, [&](const NamedToken &each) { return rest.starts_with(each.first); });
        if (control == controls.end()) {
            pieces_.back().text += rest.front();
            rest.remove_prefix(1);
        } else {
            pieces_.push_back({.token = control->second, .text = {}});
            pieces_.emplace_back();
            rest.remove_prefix(control->first.size());
        }
    }
}

Tokens RerankPrompt::operator()(const std::string &query, const std::string &document) const {
    return pieces_.empty() ? by_pair(query, document) : by_template(query, document);
}

Tokens RerankPrompt::by_template(const std::string &query, const std::string &document) const {
    Tokens tokens;
    for (const Piece &piece : pieces_) {
        if (piece.token != LLAMA_TOKEN_NULL) {
            tokens.push_back(piece.token);
        } else if (!piece.text.empty()) {
            const Tokens text = tokenize(fill_in(piece.text, query, document), vocab_, false, false, "the pair");
            tokens.insert(tokens.end(), text.begin(), text.end());
        }
    }
    return tokens;
}

Tokens RerankPrompt::by_pair(const std::string &query, const std::string &document) const {
    Tokens tokens;
    const auto append = [&tokens](bool wanted, llama_token token) {
        if (wanted && token != LLAMA_TOKEN_NULL) {
            tokens.push_back(token);
        }
    };
    const llama_token sep = llama_vocab_sep(vocab_);
    const llama_token eos = llama_vocab_eos(vocab_) == LLAMA_TOKEN_NULL ? sep : llama_vocab_eos(vocab_);

    append(llama_vocab_get_add_bos(vocab_), llama_vocab_bos(vocab_));
    const Tokens first = tokenize(query, vocab_, false, false, "the query");
    tokens.insert(tokens.end(), first.begin(), first.end());
    append(llama_vocab_get_add_eos(vocab_), eos);
    append(llama_vocab_get_add_sep(vocab_), sep);
    const Tokens second = tokenize(document, vocab_, false, false, "the document");
    tokens.insert(tokens.end(), second.begin(), second.end());
    // files of WordPiece vocabularies that say nothing of EOS end each text with SEP
    const bool word_piece = llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_WPM;
    append(llama_vocab_get_add_eos(vocab_) || (word_piece && llama_vocab_get_add_sep(vocab_)), eos);
    return tokens;
}

} // namespace llmodel
