package io.gpt4all;

import io.gpt4all.types.EmbedResult;
import java.util.Iterator;
import java.util.List;

/**
 * One vector for each input, in order. (With pooling "none", a vector holds one per token, one after another.)
 *
 * @param vectors the vectors
 * @param raw the whole result
 */
public record Embeddings(List<float[]> vectors, EmbedResult raw) implements Iterable<float[]> {
    /** The vector of an input. */
    public float[] get(int index) {
        return vectors.get(index);
    }

    /** How many numbers a vector has. */
    public int dimension() {
        return (int) raw.dimension();
    }

    @Override
    public Iterator<float[]> iterator() {
        return vectors.iterator();
    }
}
