package io.gpt4all.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

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
        olderFiles(folder, before, ".gguf.part").forEach(this::unlink); // of an older release
    }

    /**
     * Deletes the files of weights rearranged for the CPU that were not used since then: the library takes the time of
     * each use. One that is in use may go; whoever has it keeps it in memory.
     */
    void panels(Path folder) {
        olderFiles(folder, before, ".panels", ".part").forEach(this::unlink);
    }

    /** Deletes what is left of one download, unless it is young, or running. */
    private void one(Path target, List<Path> files) {
        Path record = StateFiles.of(target, ".json");
        List<Path> left = files.stream()
                .filter(path -> !path.equals(record) || !Files.exists(target))
                .toList();
        if (left.isEmpty() || left.stream().anyMatch(path -> !isOlder(path, before))) {
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

    /** The files in a folder whose names end like that, and that were last touched before then. */
    static List<Path> olderFiles(Path folder, Instant before, String... suffixes) {
        return Cache.filesIn(folder).stream()
                .filter(path -> Stream.of(suffixes).anyMatch(path.toString()::endsWith) && isOlder(path, before))
                .toList();
    }

    static boolean isOlder(Path path, Instant before) {
        try {
            return Files.getLastModifiedTime(path).toInstant().isBefore(before);
        } catch (IOException error) {
            return false;
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
