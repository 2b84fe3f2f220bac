package io.gpt4all;

import io.gpt4all.types.ScoreResult;
import io.gpt4all.types.ScoreResultContinuation;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * How likely each continuation is, in order.
 *
 * @param scores natural log-likelihoods, and whether each token is the most probable one at its position
 * @param rows what the option logprob_rows requested
 * @param raw the whole result
 */
public record Scores(List<ScoreResultContinuation> scores, List<LogprobRow> rows, ScoreResult raw)
        implements Iterable<ScoreResultContinuation> {
    /**
     * The natural log-probability of every token of the vocabulary at `position` + 1 of context and continuation
     * together.
     *
     * @param continuation which one, from 0; -1 for a position in the context
     * @param position where, from 0
     * @param logprobs one for each token of the vocabulary
     */
    public record LogprobRow(int continuation, int position, float[] logprobs) {}

    static Scores of(ScoreResult raw, List<float[]> floats) {
        List<LogprobRow> rows = new ArrayList<>();
        for (int row = 0; row < floats.size(); row++) {
            rows.add(new LogprobRow(
                    (int) raw.rows().get(row).continuation(),
                    raw.rows().get(row).position(),
                    floats.get(row)));
        }
        return new Scores(raw.continuations(), rows, raw);
    }

    /** The context's tokens. */
    public List<Integer> contextTokens() {
        return raw.contextTokens();
    }

    /** The score of a continuation. */
    public ScoreResultContinuation get(int index) {
        return scores.get(index);
    }

    @Override
    public Iterator<ScoreResultContinuation> iterator() {
        return scores.iterator();
    }
}
