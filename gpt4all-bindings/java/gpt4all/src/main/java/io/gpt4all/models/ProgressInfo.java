package io.gpt4all.models;

/**
 * The progress of a download.
 *
 * @param phase what is done now
 * @param doneBytes how much is done
 * @param totalBytes of how much; -1 while it is not known
 */
public record ProgressInfo(Phase phase, long doneBytes, long totalBytes) {
    /** What is done. */
    public enum Phase {
        /** Another process is fetching the same file. */
        WAITING,
        /** What an earlier run left is read. */
        CHECKING,
        /** Bytes come. */
        DOWNLOADING,
        /** An existing file is read. */
        VERIFYING
    }
}
