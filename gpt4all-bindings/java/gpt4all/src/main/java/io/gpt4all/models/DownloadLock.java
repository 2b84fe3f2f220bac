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
        Path file = StateFiles.of(target, ".lock");
        StateFiles.checked(target, () -> Files.createDirectories(file.getParent()));
        FileLocks.Held found = StateFiles.checked(target, () -> FileLocks.tryLock(file));
        while (found == null) {
            report.sleep(Duration.ofMillis(100), ProgressInfo.Phase.WAITING, 0, -1);
            found = StateFiles.checked(target, () -> FileLocks.tryLock(file));
        }
        held = found;
    }

    @Override
    public void close() {
        held.close();
    }
}
