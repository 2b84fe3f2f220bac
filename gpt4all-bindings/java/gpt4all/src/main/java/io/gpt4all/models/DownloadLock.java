package io.gpt4all.models;

import io.gpt4all.internal.FileLocks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The lock of a download, which every binding takes alike. */
final class DownloadLock implements AutoCloseable {
    private final FileLocks.Held held;

    /** Makes the folder, and waits while another process has the lock. */
    DownloadLock(Path target, Reporter report) {
        FileLocks.Held found = attempt(target);
        while (found == null) {
            report.sleep(Duration.ofMillis(100), ProgressInfo.Phase.WAITING, 0, -1);
            found = attempt(target);
        }
        held = found;
    }

    private DownloadLock(FileLocks.Held held) {
        this.held = held;
    }

    /** The lock, or null while another process has it. */
    static DownloadLock now(Path target) {
        FileLocks.Held found = attempt(target);
        return found == null ? null : new DownloadLock(found);
    }

    private static FileLocks.Held attempt(Path target) {
        Path file = StateFiles.of(target, ".lock");
        StateFiles.checked(target, () -> Files.createDirectories(file.getParent()));
        return StateFiles.checked(target, () -> FileLocks.tryLock(file));
    }

    @Override
    public void close() {
        held.close();
    }
}
