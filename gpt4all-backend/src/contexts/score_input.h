#pragma once

#include "tasks/cancellable.h"
#include "tokens/tokens.h"

#include <cstdint>
#include <set>
#include <vector>

namespace llmodel {

/** Tokens of which the log-probability is asked for. */
struct ScoreContinuation {
    Tokens tokens;
    size_t n_truncated = 0; // tokens of the context's beginning that are left out, so that both fit
};

/** A context of a `$defs/score_request` or `$defs/score_batch_request` and its continuations, in tokens. Positions
 * count from 0 over context and continuation together; the row of logits at a position predicts the token at the next.
 */
struct ScoreInput {
    Tokens context;
    std::vector<ScoreContinuation> continuations;

    bool rows_of_context = false;
    bool rows_of_continuations = false;
    std::set<size_t> row_positions;

    /** How many tokens of continuation `i` must be run: the last one predicts nothing that is asked for, unless its own
     *  row is. */
    size_t run_length(size_t i) const;

    /** Whether the row at `position`, which belongs to the context, is asked for. */
    bool wants_context_row(size_t position) const;

    /** Whether the row at `position` of continuation `i` is asked for. */
    bool wants_row(size_t i, size_t position) const;
};

/**
 * Text is split into tokens as EleutherAI's lm-evaluation-harness does it, since that is what published numbers mean:
 * spaces at the end of the context are moved to the front of the continuation; both are tokenised as one text; and the
 * continuation's tokens are what lies beyond as many tokens as the context has alone. Where either comes as ids, or
 * nothing lies beyond, the continuation is tokenised by itself. Nothing is longer than `limit`: what does not fit is
 * cut if the request says so, else refused; text that cannot have as few tokens is refused unseen. Throws Error.
 */
ScoreInput parse_score_request(const json &request, const llama_vocab *vocab, size_t limit, const Cancellable &task);

/** The same for each input of a `$defs/score_batch_request`; errors' details have its index as "input". */
std::vector<ScoreInput> parse_score_batch_request(const json &request, const llama_vocab *vocab, size_t limit,
                                                  const Cancellable &task);

} // namespace llmodel
