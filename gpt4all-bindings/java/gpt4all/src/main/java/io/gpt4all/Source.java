package io.gpt4all;

/**
 * What an answer comes from: one request, or several with calls of functions between them.
 *
 * <p>next() is called by one thread at a time; cancel() and close() at any time, by any.
 */
interface Source<T> {
    /** Submits the request, unless that was done. Raises LLModelException. */
    void start();

    /** Waits for the next event; null after the last. Raises LLModelException. */
    Event next();

    /** Stops what runs: whoever waits in next() gets CancelledException. */
    void cancel();

    /** Stops what runs, and releases it. */
    void close();

    /** The whole answer. Raises CancelledException if the events were not all read. */
    T result();

    /** Reads all events and gives the answer. */
    default T finish() {
        try {
            start();
            while (next() != null) {
                // only the end is wanted
            }
        } finally {
            close();
        }
        return result();
    }
}
