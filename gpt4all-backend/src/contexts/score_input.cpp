#include "contexts/score_input.h"

#include <algorithm>
#include <string>

namespace llmodel {

namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";

class Splitter {
  public:
    Splitter(const json &request, const llama_vocab *vocab, size_t limit)
        : vocab_(vocab), limit_(limit), parse_special_(request.value("parse_special", false)) {
        const json &context = request.at("context");
        const bool begin = request.value("add_special", true) && llama_vocab_get_add_bos(vocab);
        if (context.is_string()) {
            text_ = context.get<std::string>();
            check_fits(text_, vocab, limit, "the context");
            const size_t end = text_.find_last_not_of(spaces) + 1; // 0 if there is none
            moved_ = text_.substr(end);
            text_.resize(end);
            by_text_ = true;
            alone_ = tokenize(text_, vocab, false, parse_special_, "the context");
        } else {
            alone_ = tokens_of(context, vocab, false, parse_special_, "the context");
        }
        // not by add_special, which would put an EOS behind the context too
        if (begin && (by_text_ || alone_.empty() || context[0].is_string())) {
            if (llama_vocab_bos(vocab) == LLAMA_TOKEN_NULL) {
                throw Error(LLMODEL_INVALID_MODEL,
                            "the model requires a BOS token but defines none; set \"add_special\" to "
                            "false and begin the context with your own tokens");
            }
            context_.push_back(llama_vocab_bos(vocab));
        }
        context_.insert(context_.end(), alone_.begin(), alone_.end());
        if (context_.empty()) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "the context is empty, and the model has no initial special token to stand in for it; "
                        "begin the context with a token, such as the model's EOS",
                        {{"path", "/context"}});
        }
    }

    const Tokens &context() const { return context_; }

    Tokens continuation(const json &value, size_t index) const {
        const std::string where = "continuation " + std::to_string(index);
        Tokens tokens;
        if (value.is_string()) {
            check_fits(value.get_ref<const std::string &>(), vocab_, limit_, where);
        }
        if (value.is_string() && by_text_) {
            const std::string text = moved_ + value.get_ref<const std::string &>();
            if (!text_.empty()) {
                tokens = tokenize(text_ + text, vocab_, false, parse_special_, where);
                tokens.erase(tokens.begin(),
                             tokens.begin() + static_cast<std::ptrdiff_t>(std::min(tokens.size(), alone_.size())));
            }
            if (tokens.empty()) {
                tokens = tokenize(text, vocab_, false, parse_special_, where);
            }
        } else {
            tokens = tokens_of(value, vocab_, false, parse_special_, where);
        }
        if (tokens.empty()) {
            throw Error(LLMODEL_INVALID_ARGUMENT, where + " is empty", {{"index", index}});
        }
        return tokens;
    }

  private:
    const llama_vocab *vocab_;
    size_t limit_;
    bool parse_special_;
    bool by_text_ = false;
    std::string text_;
    std::string moved_; // from the end of the context
    Tokens alone_;      // the context without BOS
    Tokens context_;
};

void parse_rows(const json &rows, ScoreInput &input) {
    if (rows.is_string()) {
        input.rows_of_context = rows == "all";
        input.rows_of_continuations = rows == "all" || rows == "continuation";
        return;
    }
    size_t longest = 0;
    for (const Tokens &each : input.continuations) {
        longest = std::max(longest, each.size());
    }
    const size_t end = input.context.size() + longest;
    for (const json &value : rows) {
        const auto position = value.get<double>();
        if (position < 0.0 || position >= static_cast<double>(end)) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "\"logprob_rows\" names position " + value.dump() +
                            ", but context and continuation together have " + std::to_string(end) + " tokens",
                        {{"path", "/logprob_rows"}, {"position", value}, {"n_tokens", end}});
        }
        input.row_positions.insert(static_cast<size_t>(position));
    }
}

} // namespace

size_t ScoreInput::run_length(size_t i) const {
    const size_t size = continuations[i].size();
    return row_positions.contains(context.size() + size - 1) ? size : size - 1;
}

bool ScoreInput::wants_context_row(size_t position) const {
    const bool predicts_continuation = position + 1 == context.size();
    return (predicts_continuation ? rows_of_continuations : rows_of_context) || row_positions.contains(position);
}

bool ScoreInput::wants_row(size_t i, size_t position) const {
    const bool has_next = position + 1 < context.size() + continuations[i].size();
    return (rows_of_continuations && has_next) || row_positions.contains(position);
}

ScoreInput parse_score_request(const json &request, const llama_vocab *vocab, size_t limit) {
    const Splitter splitter(request, vocab, limit);
    ScoreInput input;
    input.context = splitter.context();
    for (const json &value : request.at("continuations")) {
        input.continuations.push_back(splitter.continuation(value, input.continuations.size()));
    }
    parse_rows(request.value("logprob_rows", json("none")), input);
    return input;
}

} // namespace llmodel
