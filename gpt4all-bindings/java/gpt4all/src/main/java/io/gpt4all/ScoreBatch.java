package io.gpt4all;

import io.gpt4all.types.ScoreBatchResult;
import io.gpt4all.types.ScoreBatchResultResult;
import io.gpt4all.types.ScoreBatchResultRow;
import io.gpt4all.types.ScoreResult;
import io.gpt4all.types.ScoreResultRow;
import io.gpt4all.types.Usage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Scores for each input, in order.
 *
 * @param results those of each input
 * @param raw the whole result
 */
public record ScoreBatch(List<Scores> results, ScoreBatchResult raw) implements Iterable<Scores> {
    static ScoreBatch of(ScoreBatchResult raw, List<float[]> floats) {
        List<List<ScoreResultRow>> places = new ArrayList<>();
        List<List<float[]>> own = new ArrayList<>();
        for (int input = 0; input < raw.results().size(); input++) {
            places.add(new ArrayList<>());
            own.add(new ArrayList<>());
        }
        for (int index = 0; index < floats.size(); index++) {
            ScoreBatchResultRow row = raw.rows().get(index);
            places.get(row.input()).add(new ScoreResultRow(row.continuation(), row.position()));
            own.get(row.input()).add(floats.get(index));
        }
        List<Scores> results = new ArrayList<>();
        for (int input = 0; input < raw.results().size(); input++) {
            results.add(Scores.of(alone(raw.results().get(input), places.get(input), raw), own.get(input)));
        }
        return new ScoreBatch(results, raw);
    }

    private static ScoreResult alone(ScoreBatchResultResult result, List<ScoreResultRow> rows, ScoreBatchResult raw) {
        int tokens = result.contextTokens().size()
                + result.continuations().stream()
                        .mapToInt(each -> each.tokens().size())
                        .sum();
        Usage usage = new Usage(tokens, null, tokens, null);
        return new ScoreResult(result.contextTokens(), result.continuations(), rows, raw.nVocab(), usage);
    }

    /** The scores of an input. */
    public Scores get(int index) {
        return results.get(index);
    }

    @Override
    public Iterator<Scores> iterator() {
        return results.iterator();
    }
}
