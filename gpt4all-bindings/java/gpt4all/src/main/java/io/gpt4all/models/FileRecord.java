package io.gpt4all.models;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/**
 * A file as it was when it got its name.
 *
 * @param size in bytes
 * @param sha256 in hexadecimal
 * @param source where it came from
 */
record FileRecord(long size, String sha256, String source) {
    /** The record of a file; null if it was not downloaded by GPT4All. */
    static FileRecord of(Path path) {
        ObjectNode record = StateFiles.read(StateFiles.of(path, ".json"));
        return record.path("size").isIntegralNumber() && record.path("sha256").isTextual()
                ? new FileRecord(
                        record.get("size").asLong(),
                        record.get("sha256").asText(),
                        record.path("source").asText(null))
                : null;
    }

    /** Notes it, with the present time. */
    void write(Path path) {
        StateFiles.write(
                StateFiles.of(path, ".json"),
                JsonNodeFactory.instance
                        .objectNode()
                        .put("size", size)
                        .put("sha256", sha256)
                        .put("source", source)
                        .put("downloaded", System.currentTimeMillis() / 1000.0));
    }
}
