#include "contexts/score_input.h"

#include <algorithm>
#include <string>

namespace llmodel {

namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";

/** What a request says of all its texts. */
struct Reading {
    explicit Reading(const json &request, const llama_vocab *vocab_, size_t limit_)
        : vocab(vocab_), limit(limit_), add_special(request.value("add_special", true)),
          parse_special(request.value("parse_special", false)), truncate(request.value("truncate", false)),
          rows(request.value("logprob_rows", json("none"))) {
        if (truncate && rows != "none") {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "\"logprob_rows\" cannot be had with \"truncate\", as a position then means another token for "
                        "each continuation; cut the contexts yourself",
                        {{"path", "/logprob_rows"}});
        }
    }

    const llama_vocab *vocab;
    size_t limit;
    bool add_special;
    bool parse_special;
    bool truncate;
    json rows;
};

/** What stands in for an empty context, as in lm-evaluation-harness. */
llama_token stand_in(const llama_vocab *vocab) {
    const llama_token bos = llama_vocab_bos(vocab);
    return bos == LLAMA_TOKEN_NULL ? llama_vocab_eos(vocab) : bos;
}

class Splitter {
  public:
    Splitter(const json &context, const Reading &reading) : reading_(reading) {
        if (context.is_string()) {
            text_ = context.get<std::string>();
            if (!reading.truncate) {
                check_fits(text_, reading.vocab, reading.limit, "the context");
            }
            const size_t end = text_.find_last_not_of(spaces) + 1; // 0 if there is none
            moved_ = text_.substr(end);
            text_.resize(end);
            by_text_ = true;
            alone_ = tokenize(text_, reading.vocab, false, reading.parse_special, "the context");
        } else {
            alone_ = tokens_of(context, reading.vocab, false, reading.parse_special, "the context");
        }
        if (reading.add_special) {
            begin(by_text_ || alone_.empty() || context[0].is_string());
        }
        context_.insert(context_.end(), alone_.begin(), alone_.end());
        if (context_.empty()) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        reading.add_special
                            ? "the context is empty, and the model has neither a BOS nor an EOS token to stand in for "
                              "it; begin the context with a token"
                            : "the context is empty, and \"add_special\" is false, so that no token stands in for it; "
                              "begin the context with a token",
                        {{"path", "/context"}});
        }
    }

    const Tokens &context() const { return context_; }

    Tokens continuation(const json &value, size_t index) const {
        const std::string where = "continuation " + std::to_string(index);
        Tokens tokens;
        if (value.is_string()) {
            check_fits(value.get_ref<const std::string &>(), reading_.vocab, reading_.limit, where);
        }
        if (value.is_string() && by_text_) {
            const std::string text = moved_ + value.get_ref<const std::string &>();
            if (!text_.empty()) {
                tokens = tokenize(text_ + text, reading_.vocab, false, reading_.parse_special, where);
                tokens.erase(tokens.begin(),
                             tokens.begin() + static_cast<std::ptrdiff_t>(std::min(tokens.size(), alone_.size())));
            }
            if (tokens.empty()) {
                tokens = tokenize(text, reading_.vocab, false, reading_.parse_special, where);
            }
        } else {
            tokens = tokens_of(value, reading_.vocab, false, reading_.parse_special, where);
        }
        if (tokens.empty()) {
            throw Error(LLMODEL_INVALID_ARGUMENT, where + " is empty", {{"index", index}});
        }
        return tokens;
    }

  private:
    // not by tokenize(), which would put an EOS behind the context too
    void begin(bool with_text) {
        const llama_vocab *vocab = reading_.vocab;
        if (llama_vocab_get_add_bos(vocab) && with_text) {
            if (llama_vocab_bos(vocab) == LLAMA_TOKEN_NULL) {
                throw Error(LLMODEL_INVALID_MODEL,
                            "the model requires a BOS token but defines none; set \"add_special\" to "
                            "false and begin the context with your own tokens");
            }
            context_.push_back(llama_vocab_bos(vocab));
        } else if (alone_.empty() && stand_in(vocab) != LLAMA_TOKEN_NULL) {
            context_.push_back(stand_in(vocab));
        }
    }

    const Reading &reading_;
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
    for (const ScoreContinuation &each : input.continuations) {
        longest = std::max(longest, each.tokens.size());
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

void fit(ScoreInput &input, size_t i, const Reading &reading) {
    const size_t run = input.run_length(i);
    const size_t length = input.context.size() + run;
    if (length <= reading.limit) {
        return;
    }
    if (reading.truncate && run < reading.limit) {
        input.continuations[i].n_truncated = length - reading.limit;
        return;
    }
    const std::string tokens = std::to_string(input.continuations[i].tokens.size());
    throw Error(LLMODEL_CONTEXT_OVERFLOW,
                reading.truncate
                    ? "continuation " + std::to_string(i) + " has " + tokens +
                          " tokens, which even without its context "
                          "are more than the " +
                          std::to_string(reading.limit) +
                          " that the model takes; split it, or open the model with a larger n_ctx"
                    : "the context and continuation " + std::to_string(i) + " have " +
                          std::to_string(input.context.size() + input.continuations[i].tokens.size()) +
                          " tokens together, but only " + std::to_string(reading.limit) +
                          " can come before the last; set \"truncate\" to cut the context's beginning, or open the "
                          "model with a larger n_ctx",
                {{"index", i}, {"n_tokens", length}, {"limit", reading.limit}});
}

ScoreInput parse_input(const json &request, const Reading &reading, const Cancellable &task) {
    const Splitter splitter(request.at("context"), reading);
    ScoreInput input;
    input.context = splitter.context();
    for (const json &value : request.at("continuations")) {
        task.throw_if_cancelled();
        input.continuations.push_back({.tokens = splitter.continuation(value, input.continuations.size())});
    }
    parse_rows(reading.rows, input);
    for (size_t i = 0; i < input.continuations.size(); ++i) {
        fit(input, i, reading);
    }
    return input;
}

} // namespace

size_t ScoreInput::run_length(size_t i) const {
    const size_t size = continuations[i].tokens.size();
    return row_positions.contains(context.size() + size - 1) ? size : size - 1;
}

bool ScoreInput::wants_context_row(size_t position) const {
    const bool predicts_continuation = position + 1 == context.size();
    return (predicts_continuation ? rows_of_continuations : rows_of_context) || row_positions.contains(position);
}

bool ScoreInput::wants_row(size_t i, size_t position) const {
    const bool has_next = position + 1 < context.size() + continuations[i].tokens.size();
    return (rows_of_continuations && has_next) || row_positions.contains(position);
}

ScoreInput parse_score_request(const json &request, const llama_vocab *vocab, size_t limit, const Cancellable &task) {
    return parse_input(request, Reading(request, vocab, limit), task);
}

std::vector<ScoreInput> parse_score_batch_request(const json &request, const llama_vocab *vocab, size_t limit,
                                                  const Cancellable &task) {
    const Reading reading(request, vocab, limit);
    std::vector<ScoreInput> inputs;
    for (const json &each : request.at("inputs")) {
        try {
            inputs.push_back(parse_input(each, reading, task));
        } catch (const Error &error) {
            json detail = error.detail();
            detail["input"] = inputs.size();
            throw Error(error.status(),
                        error.status() == LLMODEL_CANCELLED
                            ? error.what()
                            : "input " + std::to_string(inputs.size()) + ": " + error.what(),
                        detail);
        }
    }
    return inputs;
}

} // namespace llmodel
