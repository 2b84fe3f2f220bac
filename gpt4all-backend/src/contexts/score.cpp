#include "contexts/score.h"

#include "contexts/log_softmax.h"
#include "contexts/score_input.h"

#include <algorithm>
#include <string>
#include <utility>

namespace llmodel {

namespace {

constexpr llama_seq_id shared_sequence = 0;

struct Scored {
    std::vector<double> logprobs;
    bool greedy = true;
};

/** One request's run. The context, and what all continuations begin with, is run once as a sequence that the others are
 *  copied from; the rest of the continuations runs in batches of many. */
class Scorer {
  public:
    Scorer(Context::Use &use, const ScoreInput &input, EventSink &sink)
        : use_(use), input_(input), sink_(sink),
          n_vocab_(static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(llama_get_model(use.context()))))),
          outputs_most_(use.batch_outputs()), scored_(input.continuations.size()) {
        for (size_t i = 0; i < scored_.size(); ++i) {
            scored_[i].logprobs.reserve(input.continuations[i].size());
        }
    }

    void run(size_t n_shared) {
        n_shared_ = n_shared;
        run_shared();
        size_t next = 0;
        while (next < scored_.size()) {
            next = run_group(next);
        }
    }

    const std::vector<Scored> &scored() const { return scored_; }
    json take_rows() { return std::move(rows_); }
    size_t reused() const { return reused_; }

  private:
    size_t n_context() const { return input_.context.size(); }

    llama_token token(size_t i, size_t position) const {
        return position < n_context() ? input_.context[position] : input_.continuations[i][position - n_context()];
    }

    size_t end(size_t i) const { return n_context() + input_.run_length(i); }

    bool wants_output(size_t position) const {
        return position + 1 >= n_context() || input_.wants_context_row(position);
    }

    void run_shared() {
        Tokens shared;
        for (size_t position = 0; position < n_shared_; ++position) {
            shared.push_back(token(0, position));
        }
        size_t first_output = 0;
        while (first_output < n_shared_ && !wants_output(first_output)) {
            ++first_output;
        }
        reused_ = reuse(shared, first_output);
        for (size_t position = reused_; position < n_shared_; ++position) {
            add(shared_sequence, 0, position, wants_output(position));
        }
        flush();
        use_.prefix() = std::move(shared);
    }

    /** Keeps what the memory holds of `shared` already, short of the first token whose output is needed. */
    size_t reuse(const Tokens &shared, size_t first_output) {
        const Tokens former = std::exchange(use_.prefix(), {});
        const auto same = std::ranges::mismatch(former, shared).in1 - former.begin();
        const size_t kept = std::min(static_cast<size_t>(same), first_output);
        if (kept == former.size() ||
            llama_memory_seq_rm(use_.memory(), shared_sequence, static_cast<llama_pos>(kept), -1)) {
            return kept;
        }
        use_.forget(); // a recurrent state cannot be taken back
        return 0;
    }

    /** Runs as many continuations as fit together, from `first`, and returns the one after them. */
    size_t run_group(size_t first) {
        size_t cells = n_shared_;
        size_t next = first;
        llama_seq_id sequence = shared_sequence;
        members_.assign(1, 0);
        for (; next < scored_.size(); ++next) {
            const size_t length = end(next) - n_shared_;
            if (length == 0) {
                continue;
            }
            if (cells + length > use_.cells() || static_cast<size_t>(sequence) + 1 >= use_.sequences()) {
                break;
            }
            cells += length;
            ++sequence;
            members_.push_back(next);
            llama_memory_seq_cp(use_.memory(), shared_sequence, sequence, -1, -1);
            for (size_t position = n_shared_; position < end(next); ++position) {
                add(sequence, next, position, true);
            }
        }
        flush();
        for (; sequence != shared_sequence; --sequence) {
            llama_memory_seq_rm(use_.memory(), sequence, -1, -1);
        }
        return next;
    }

    void add(llama_seq_id sequence, size_t i, size_t position, bool output) {
        if (batch_.size() == use_.batch_tokens() || (output && outputs_ == outputs_most_)) {
            flush();
        }
        batch_.add({.token = token(i, position),
                    .pos = static_cast<llama_pos>(position),
                    .sequence = sequence,
                    .output = output});
        outputs_ += output ? 1 : 0;
    }

    void flush() {
        use_.run(batch_);
        for (size_t i = 0; i < batch_.size(); ++i) {
            const Batch::Entry &entry = batch_.entries()[i];
            if (!entry.output) {
                continue;
            }
            const float *logits = llama_get_logits_ith(use_.context(), static_cast<int32_t>(i));
            if (logits == nullptr) {
                throw Error(LLMODEL_INTERNAL, "llama.cpp returned no logits for a token that it ran");
            }
            take(entry, LogSoftmax({logits, n_vocab_}));
        }
        batch_.clear();
        outputs_ = 0;
    }

    void take(const Batch::Entry &entry, const LogSoftmax &softmax) {
        const auto position = static_cast<size_t>(entry.pos);
        if (position < n_context() && input_.wants_context_row(position)) {
            emit_row(-1, position, softmax);
        }
        if (position + 1 < n_context()) {
            return;
        }
        if (entry.sequence != shared_sequence) {
            take(members_[static_cast<size_t>(entry.sequence)], position, softmax);
            return;
        }
        for (size_t i = 0; i < scored_.size(); ++i) {
            take(i, position, softmax);
        }
    }

    void take(size_t i, size_t position, const LogSoftmax &softmax) {
        const Tokens &continuation = input_.continuations[i];
        const size_t predicted = position + 1 - n_context();
        if (predicted < continuation.size()) {
            scored_[i].logprobs.push_back(softmax[continuation[predicted]]);
            scored_[i].greedy = scored_[i].greedy && softmax.is_best(continuation[predicted]);
        }
        if (position >= n_context() && input_.wants_row(i, position)) {
            emit_row(static_cast<int64_t>(i), position, softmax);
        }
    }

    void emit_row(int64_t continuation, size_t position, const LogSoftmax &softmax) {
        const std::vector<float> row = softmax.row();
        sink_.emit_floats(LLMODEL_EVENT_LOGPROBS, static_cast<int32_t>(rows_.size()), row.data(), row.size());
        rows_.push_back({{"continuation", continuation}, {"position", position}});
    }

    Context::Use &use_;
    const ScoreInput &input_;
    EventSink &sink_;
    size_t n_vocab_;
    size_t outputs_most_;
    size_t n_shared_ = 0;
    size_t reused_ = 0;

    Batch batch_;
    size_t outputs_ = 0;
    std::vector<size_t> members_; // the continuation of each sequence
    std::vector<Scored> scored_;
    json rows_ = json::array();
};

/** The tokens that all sequences to be run begin with. */
size_t shared_length(const ScoreInput &input) {
    size_t shared = input.run_length(0);
    for (size_t i = 1; i < input.continuations.size(); ++i) {
        const Tokens &first = input.continuations[0];
        const Tokens &other = input.continuations[i];
        shared = std::min(shared, input.run_length(i));
        const auto end = first.begin() + static_cast<std::ptrdiff_t>(shared);
        shared = static_cast<size_t>(std::mismatch(first.begin(), end, other.begin()).first - first.begin());
    }
    return input.context.size() + shared;
}

void check_lengths(const ScoreInput &input, size_t limit) {
    for (size_t i = 0; i < input.continuations.size(); ++i) {
        const size_t length = input.context.size() + input.run_length(i);
        if (length > limit) {
            throw Error(LLMODEL_CONTEXT_OVERFLOW,
                        "the context and continuation " + std::to_string(i) + " have " +
                            std::to_string(input.context.size() + input.continuations[i].size()) +
                            " tokens together, but only " + std::to_string(limit) +
                            " can come before the last; cut the context, or open the model with a larger n_ctx",
                        {{"index", i}, {"n_tokens", length}, {"limit", limit}});
        }
    }
}

json result_of(const ScoreInput &input, Scorer &scorer) {
    json continuations = json::array();
    size_t n_tokens = input.context.size();
    for (size_t i = 0; i < input.continuations.size(); ++i) {
        const Scored &scored = scorer.scored()[i];
        double sum = 0.0;
        for (const double logprob : scored.logprobs) {
            sum += logprob;
        }
        continuations.push_back({{"logprob", sum},
                                 {"greedy", scored.greedy},
                                 {"tokens", input.continuations[i]},
                                 {"token_logprobs", scored.logprobs}});
        n_tokens += input.continuations[i].size();
    }
    return {{"context_tokens", input.context},
            {"continuations", std::move(continuations)},
            {"rows", scorer.take_rows()},
            {"usage",
             {{"prompt_tokens", n_tokens},
              {"total_tokens", n_tokens},
              {"prompt_tokens_details", {{"cached_tokens", scorer.reused()}}}}}};
}

} // namespace

void score(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink) {
    const ScoreInput input = parse_score_request(request, context.vocab(), context.limit());
    check_lengths(input, context.limit());

    const size_t n_shared = shared_length(input);
    size_t longest = n_shared;
    size_t total = n_shared;
    for (size_t i = 0; i < input.continuations.size(); ++i) {
        const size_t length = input.context.size() + input.run_length(i);
        longest = std::max(longest, length);
        total += length - n_shared;
    }

    json result;
    {
        Context::Use use(context, sink, longest, total, adapters);
        if (!use.incremental()) {
            throw Error(LLMODEL_UNSUPPORTED, "score needs a model that predicts the next token from those before it, "
                                             "which this one does not; use embed or rerank with it");
        }
        Scorer scorer(use, input, sink);
        scorer.run(n_shared);
        result = result_of(input, scorer);
    }
    result["n_vocab"] = llama_vocab_n_tokens(context.vocab());
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, result);
}

} // namespace llmodel
