package io.gpt4all.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** One run of prune(): it deletes what has not been touched since then. */
final class Pruning {
    private final Instant before;
    private final List<Path> removed = new ArrayList<>();
    private long freed;

    Pruning(Instant before) {
        this.before = before;
    }

    Pruned result() {
        return new Pruned(List.copyOf(removed), freed);
    }

    /** Deletes what downloads into a folder left. */
    void downloads(Path folder) {
        Cache.stateFiles(folder).forEach((name, files) -> one(folder.resolve(name), files));
        for (Path path : Cache.filesIn(folder)) {
            if (path.toString().endsWith(".gguf.part") && Translations.isOlder(path, before)) {
                unlink(path); // of an older release
            }
        }
    }

    /** Deletes what is left of one download, unless it is young, or running. */
    private void one(Path target, List<Path> files) {
        Path record = StateFiles.of(target, ".json");
        List<Path> left = files.stream()
                .filter(path -> !path.equals(record) || !Files.exists(target))
                .toList();
        if (left.isEmpty() || left.stream().anyMatch(path -> !Translations.isOlder(path, before))) {
            return;
        }
        boolean locked = files.contains(StateFiles.of(target, ".lock"));
        try (DownloadLock lock = DownloadLock.now(target)) {
            if (lock != null) {
                left.forEach(this::unlink);
                if (!locked) {
                    Files.deleteIfExists(StateFiles.of(target, ".lock")); // made for this
                }
            }
        } catch (IOException | DownloadException error) {
            // in a folder that cannot be written to
        }
    }

    void unlink(Path path) {
        long size = Cache.sizeOf(path);
        try {
            if (Files.deleteIfExists(path)) {
                removed.add(path);
                freed += size;
            }
        } catch (IOException error) {
            // it stays: in a folder that cannot be written to, or a lock that is held on Windows
        }
    }

    static void removeIfEmpty(Path folder, Path top) {
        try {
            Files.deleteIfExists(folder.resolve(StateFiles.FOLDER));
            if (!folder.equals(top)) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException error) {
            // there is something in it
        }
    }
}
