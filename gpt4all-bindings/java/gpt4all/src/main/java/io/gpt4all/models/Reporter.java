package io.gpt4all.models;

import io.gpt4all.CancelledException;
import java.time.Duration;
import java.util.function.Predicate;

/** Passes progress on, not too often. Raises CancelledException once the listener says so, or on interruption. */
final class Reporter {
    private static final long INTERVAL_NANOS = 50_000_000;

    private final Predicate<ProgressInfo> listener;
    private final String what;
    private ProgressInfo.Phase lastPhase;
    private long lastTime;

    Reporter(Predicate<ProgressInfo> listener, String what) {
        this.listener = listener;
        this.what = what;
    }

    void report(ProgressInfo.Phase phase, long done, long total) {
        if (Thread.currentThread().isInterrupted()) {
            throw cancelled();
        }
        long now = System.nanoTime();
        if (listener == null || (phase == lastPhase && now - lastTime < INTERVAL_NANOS && done != total)) {
            return;
        }
        lastPhase = phase;
        lastTime = now;
        if (!listener.test(new ProgressInfo(phase, done, total))) {
            throw cancelled();
        }
    }

    private CancelledException cancelled() {
        return new CancelledException(
                "the download of " + what + " was cancelled; the next one will resume from there");
    }

    /** Waits, while the listener may still cancel. */
    void sleep(Duration time, ProgressInfo.Phase phase, long done, long total) {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
            report(phase, done, total);
            try {
                Thread.sleep(Duration.ofNanos(Math.min(left, 100_000_000)));
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                throw cancelled();
            }
        }
    }
}
