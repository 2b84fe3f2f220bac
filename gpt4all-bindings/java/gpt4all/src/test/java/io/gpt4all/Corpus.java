package io.gpt4all;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Folders;
import io.gpt4all.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The conformance corpus, its models, and what was found. */
public final class Corpus {
    public static final Path CHECKOUT = checkout();
    static final Path FOLDER = CHECKOUT.resolve("gpt4all-bindings/corpus");
    private static final Map<String, Path> MODELS = new ConcurrentHashMap<>();

    private Corpus() {}

    private static Path checkout() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("gpt4all-bindings"))) {
            at = at.getParent();
        }
        return at;
    }

    public static JsonNode read(Path path) {
        try {
            return Json.MAPPER.readTree(Files.readAllBytes(path));
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** All cases by their id. */
    static Map<String, JsonNode> cases() {
        Map<String, JsonNode> cases = new LinkedHashMap<>();
        try (var files = Files.list(FOLDER.resolve("cases"))) {
            files.sorted()
                    .forEach(file -> read(file)
                            .get("cases")
                            .forEach(each -> cases.put(each.get("id").asText(), each)));
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
        return cases;
    }

    static Path committedModels() {
        return FOLDER.resolve(read(FOLDER.resolve("models.json")).get("folder").asText())
                .normalize();
    }

    /** A model's file after a look at its size and SHA-256; null if it is not to be had. */
    static Path model(String name) {
        Path found = MODELS.computeIfAbsent(name, Corpus::found);
        return found.toString().isEmpty() ? null : found;
    }

    /** A tiny model. */
    static Path tiny(String file) {
        return committedModels().resolve(file);
    }

    private static Path found(String name) {
        JsonNode entry = read(FOLDER.resolve("models.json")).at("/models/" + name);
        Path folder = entry.has("source") ? Folders.cache().resolve("models") : committedModels();
        Path path = folder.resolve(entry.get("file").asText());
        try {
            if (!Files.isRegularFile(path)
                    || Files.size(path) != entry.get("size").asLong()) {
                return Path.of("");
            }
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path));
            return HexFormat.of().formatHex(hash).equals(entry.get("sha256").asText()) ? path : Path.of("");
        } catch (IOException | java.security.NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);
        }
    }

    /** What was found, for the comparison with other languages: written to $GPT4ALL_CONFORMANCE if that is set. */
    public static final class Results {
        private static final Map<String, ObjectNode> CASES = new TreeMap<>();
        private static final Map<String, ObjectNode> DOWNLOADS = new TreeMap<>();

        private Results() {}

        public static synchronized void add(String id, ObjectNode found) {
            CASES.put(id, found);
        }

        public static synchronized void addDownload(String id, ObjectNode found) {
            DOWNLOADS.put(id, found);
        }

        public static ObjectNode object() {
            return JsonNodeFactory.instance.objectNode();
        }

        public static synchronized void write() {
            String folder = System.getenv("GPT4ALL_CONFORMANCE");
            if (folder == null || folder.isEmpty()) {
                return;
            }
            ObjectNode all = object().put("language", "java");
            all.set("cases", object().setAll(CASES));
            all.set("downloads", object().setAll(DOWNLOADS));
            try {
                Files.createDirectories(Path.of(folder));
                Files.writeString(Path.of(folder, "results-java.json"), Json.text(all));
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }
    }
}
