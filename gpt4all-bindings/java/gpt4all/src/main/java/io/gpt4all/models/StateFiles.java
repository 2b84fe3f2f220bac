package io.gpt4all.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** The folder beside a model that holds what its download needs, with whole writes and typed errors. */
final class StateFiles {
    static final String FOLDER = ".gpt4all";

    private StateFiles() {}

    /** Work with files. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    static Path folder(Path target) {
        return target.toAbsolutePath().getParent().resolve(FOLDER);
    }

    /** A file of a download, such as its ".part". */
    static Path of(Path target, String suffix) {
        return folder(target).resolve(target.getFileName() + suffix);
    }

    /** Turns what the file system complains of into DownloadException of the kind DISK_FULL or FOLDER. */
    static <T> T checked(Path path, Work<T> work) {
        try {
            return work.run();
        } catch (IOException error) {
            String reason = String.valueOf(error.getMessage());
            Map<String, String> detail = Map.of("path", path.toString());
            if (reason.contains("No space left") || reason.contains("quota") || reason.contains("File too large")) {
                throw new DownloadException(
                        DownloadException.Kind.DISK_FULL,
                        path + " cannot be written: " + reason + "; free some space and try again",
                        detail,
                        error);
            }
            throw new DownloadException(
                    DownloadException.Kind.FOLDER,
                    path + " cannot be written: " + error.getClass().getSimpleName() + ": " + reason
                            + "; choose another folder with $GPT4ALL_CACHE",
                    detail,
                    error);
        }
    }

    /** Raises DownloadException if the disk of a folder has less than so many bytes free. */
    static void checkSpace(Path folder, long needed, String what) {
        long free = checked(folder, () -> Files.getFileStore(folder).getUsableSpace());
        if (free < needed) {
            throw new DownloadException(
                    DownloadException.Kind.DISK_FULL,
                    what + " needs " + needed + " bytes but " + folder + " has " + free
                            + " free; free some, or choose another folder",
                    Map.of("needed_bytes", needed, "free_bytes", free, "path", folder.toString()),
                    null);
        }
    }

    /** Reads a small file; what is missing or damaged counts as empty. */
    static ObjectNode read(Path path) {
        try {
            JsonNode node = Json.MAPPER.readTree(Files.readAllBytes(path));
            return node instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
        } catch (IOException error) {
            return JsonNodeFactory.instance.objectNode();
        }
    }

    /** Writes a small file, whole or not at all. Only under the download's lock, so that one name for it will do. */
    static void write(Path path, ObjectNode value) {
        checked(path, () -> {
            Path fresh = path.resolveSibling(path.getFileName() + ".new");
            byte[] text = Json.MAPPER
                    .writerWithDefaultPrettyPrinter()
                    .writeValueAsString(value)
                    .getBytes(StandardCharsets.UTF_8);
            try (FileChannel channel = FileChannel.open(
                    fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer left = ByteBuffer.wrap(text);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
                channel.force(true);
            }
            return Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        });
    }
}
