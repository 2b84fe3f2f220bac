package io.gpt4all.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The folder of what the engine translated from formats of 2023, and which of it nothing needs. */
final class Translations {
    private Translations() {}

    /**
     * The files that nothing needs: translations of files that are gone or changed, their records and locks, and what was
     * half done.
     *
     * @param folder where they are
     * @param before what was made after it is left alone
     */
    static List<Path> stale(Path folder, Instant before) {
        List<Path> found = new ArrayList<>();
        Set<String> needed = new HashSet<>();
        for (Path record : Cache.filesIn(folder)) {
            if (!record.toString().endsWith(".json")) {
                continue;
            }
            ObjectNode content = StateFiles.read(record);
            if (isAlive(content.path("files")) || !Pruning.isOlder(record, before)) {
                needed.add(content.path("translation").asText());
                continue;
            }
            found.add(record);
            Path lock = record.resolveSibling(record.getFileName().toString().replaceFirst("\\.json$", ".lock"));
            if (Files.exists(lock)) {
                found.add(lock);
            }
        }
        for (Path path : Pruning.olderFiles(folder, before, ".gguf", ".part")) {
            if (!needed.contains(path.getFileName().toString())) {
                found.add(path);
            }
        }
        return found;
    }

    /** Whether the files of a record are those that were translated. */
    private static boolean isAlive(JsonNode files) {
        for (JsonNode file : files) {
            if (!isSame(file)) {
                return false;
            }
        }
        return files.isArray() && !files.isEmpty();
    }

    private static boolean isSame(JsonNode file) {
        try {
            Map<String, Object> found =
                    Files.readAttributes(Path.of(file.path("path").asText()), "unix:dev,ino,size,lastModifiedTime");
            return file.path("device").asLong(-1) == ((Number) found.get("dev")).longValue()
                    && file.path("inode").asLong(-1) == ((Number) found.get("ino")).longValue()
                    && file.path("size").asLong(-1) == (long) found.get("size")
                    && file.path("modified_ns").asLong(-1)
                            == ((FileTime) found.get("lastModifiedTime")).to(TimeUnit.NANOSECONDS);
        } catch (IOException | InvalidPathException error) {
            return false;
        } catch (UnsupportedOperationException error) { // on Windows, where nothing tells the inode
            return Cache.sizeOf(Path.of(file.path("path").asText()))
                    == file.path("size").asLong(-1);
        }
    }
}
