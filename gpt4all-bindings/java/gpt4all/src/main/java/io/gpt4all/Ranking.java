package io.gpt4all;

import io.gpt4all.types.RerankResult;
import java.util.Iterator;
import java.util.List;

/**
 * The documents, the most relevant first.
 *
 * @param results the documents
 * @param raw the whole result
 */
public record Ranking(List<Ranked> results, RerankResult raw) implements Iterable<Ranking.Ranked> {
    /**
     * A document and its relevance.
     *
     * @param index its position in the input
     * @param relevanceScore higher is better, on the model's own scale
     * @param document its text
     */
    public record Ranked(int index, double relevanceScore, String document) {}

    @Override
    public Iterator<Ranked> iterator() {
        return results.iterator();
    }
}
