package io.gpt4all.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.CancelledException;
import io.gpt4all.Corpus;
import io.gpt4all.LLModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The download cases that all languages share, against the server that misbehaves. */
@Timeout(120)
class DownloadCasesTest {
    private static final JsonNode SHARED =
            Corpus.read(Corpus.CHECKOUT.resolve("gpt4all-bindings/catalogue/download-cases.json"));
    private static final Map<String, JsonNode> CASES = new LinkedHashMap<>();
    private static MisbehavingServer server;

    static {
        SHARED.get("cases").forEach(each -> CASES.put(each.get("id").asText(), each));
    }

    static Stream<String> ids() {
        return CASES.keySet().stream();
    }

    @BeforeAll
    static void start() throws IOException {
        server = new MisbehavingServer();
    }

    @AfterAll
    static void stop() throws Exception {
        Corpus.Results.write();
        assertEquals(0, server.stop());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ids")
    void aDownloadGoesAsExpected(String id, @TempDir Path scratch) throws Exception {
        ObjectNode found = Corpus.Results.object();
        try {
            server.get("/reset");
            Path path = scratch.resolve("files").resolve("m.gguf");
            Files.createDirectories(path.getParent());
            int number = 0;
            for (JsonNode step : CASES.get(id).get("steps")) {
                try {
                    step(step, path);
                } catch (AssertionError error) {
                    throw new AssertionError("step " + number + ": " + error.getMessage(), error);
                }
                number++;
            }
            found.put("passed", true);
        } catch (Throwable error) {
            found.put("failed", String.valueOf(error.getMessage()));
            throw error;
        } finally {
            Corpus.Results.addDownload(id, found);
        }
    }

    private static void step(JsonNode step, Path path) throws Exception {
        switch (step.get("do").asText()) {
            case "behave" -> server.get("/calm/" + step.get("id").asText());
            case "write" -> write(step, path);
            case "download" -> download(step, path);
            default -> throw new AssertionError("unknown step " + step);
        }
    }

    private static void write(JsonNode step, Path path) throws IOException {
        Path target = switch (step.get("what").asText()) {
            case "file" -> path;
            case "part" -> StateFiles.of(path, ".part");
            default -> StateFiles.of(path, ".part.json");
        };
        Files.createDirectories(target.getParent());
        byte[] bytes = step.has("zeros")
                ? new byte[step.get("zeros").asInt()]
                : step.get("text").asText().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        Files.write(target, bytes);
    }

    private static void download(JsonNode step, Path path) throws Exception {
        Path part = StateFiles.of(path, ".part");
        long partBefore = Files.exists(part) ? Files.size(part) : 0;
        int askedBefore = server.get("/requests").size();
        long started = System.nanoTime();
        LLModelException caught = null;
        try {
            fetch(step, path);
        } catch (LLModelException error) {
            caught = error;
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        checkError(caught, step.get("error"));
        assertTrue(seconds >= step.path("at_least_seconds").asDouble(0), "it did not wait");
        checkDisk(step, path, part);
        if (step.has("requests")) {
            List<JsonNode> asked = new ArrayList<>();
            server.get("/requests").forEach(asked::add);
            checkRequests(asked.subList(askedBefore, asked.size()), step.get("requests"), partBefore);
        }
    }

    private static Duration seconds(JsonNode value) {
        return Duration.ofMillis((long) (value.asDouble() * 1000));
    }

    private static void fetch(JsonNode step, Path path) {
        ObjectNode chosen = SHARED.get("settings").deepCopy();
        step.path("settings").properties().forEach(each -> chosen.set(each.getKey(), each.getValue()));
        Settings settings = new Settings(
                chosen.path("offline").asBoolean(false),
                null,
                server.url(),
                step.path("token").asText(null),
                false,
                seconds(chosen.get("connect_seconds")),
                seconds(chosen.get("stall_seconds")),
                chosen.get("retries").asInt(),
                seconds(chosen.get("backoff_seconds")),
                Duration.ofSeconds(60));
        Predicate<ProgressInfo> progress = step.has("cancel_at")
                ? now -> now.doneBytes() < step.get("cancel_at").asLong()
                : null;
        List<String> addresses = new ArrayList<>();
        step.get("from").forEach(each -> addresses.add(server.filled(each.asText())));
        Models.Expected expected = new Models.Expected(
                step.has("size") ? step.get("size").asLong() : null,
                step.path("sha256").asText(null),
                step.path("md5").asText(null));
        boolean force = step.path("force").asBoolean(false);
        if (addresses.size() == 1) {
            Models.download(addresses.getFirst(), path, expected, settings, progress, force);
            return;
        }
        List<Source> sources = new ArrayList<>();
        addresses.forEach(address -> sources.add(new Source.Https(address)));
        Wanted wanted = Wanted.of(path, null, expected.size(), expected.sha256(), expected.md5());
        Models.get(new Reference(Path.of("m.gguf"), sources, null), wanted, settings, progress, force);
    }

    private static void checkError(LLModelException caught, JsonNode expected) {
        if (expected == null) {
            if (caught != null) {
                throw new AssertionError("it failed: " + caught, caught);
            }
            return;
        }
        assertNotNull(caught, () -> "there was no error; expected is " + expected);
        String kind = switch (caught) {
            case DownloadException error -> error.kind().name().toLowerCase(Locale.ROOT);
            case CancelledException error -> "cancelled";
            default -> caught.getClass().getSimpleName();
        };
        assertEquals(expected.get("kind").asText(), kind, caught.toString());
        assertEquals(expected.get("status").asText(), caught.status().name().toLowerCase(Locale.ROOT));
        Object status = caught.detail().get("http_status");
        assertEquals(expected.has("http_status") ? expected.get("http_status").asInt() : null, status);
    }

    private static void checkDisk(JsonNode step, Path path, Path part) throws IOException {
        if (step.get("file").isNull()) {
            assertFalse(Files.exists(path), "there is a file under the final name");
        } else {
            JsonNode expected = SHARED.get("contents").get(step.get("file").asText());
            assertEquals(expected.get("size").asLong(), Files.size(path), "the file's size");
            String hash = Hashes.ofFile(path, "SHA-256", new Reporter(null, "m.gguf"));
            assertEquals(expected.get("sha256").asText(), hash, "the file's content");
        }
        if (!step.has("part")) {
            return;
        }
        JsonNode kept = step.get("part");
        if (kept.isNull()) {
            assertEquals(List.of(), left(path), "what is left");
            return;
        }
        long size = Files.size(part);
        long least = kept.isObject() ? kept.get("at_least").asLong() : kept.asLong();
        long below = kept.isObject() ? kept.get("below").asLong() : least + 1;
        assertTrue(least <= size && size < below, size + " bytes are kept");
    }

    /** What is there besides the file, its record and its lock. */
    private static List<String> left(Path path) throws IOException {
        List<String> names = new ArrayList<>();
        for (Path folder : List.of(path.getParent(), StateFiles.folder(path))) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.list(folder)) {
                    files.map(each -> each.getFileName().toString()).forEach(names::add);
                }
            }
        }
        names.removeAll(List.of("m.gguf", ".gpt4all", "m.gguf.json", "m.gguf.lock"));
        return names;
    }

    private static void checkRequests(List<JsonNode> found, JsonNode expected, long partBefore) {
        assertEquals(expected.size(), found.size(), () -> "how often the server was asked: " + found);
        for (int index = 0; index < found.size(); index++) {
            JsonNode wanted = expected.get(index);
            JsonNode one = found.get(index);
            if (wanted.has("listener")) {
                assertEquals(
                        wanted.get("listener").asText(), one.get("listener").asText());
            }
            if (wanted.has("from")) {
                JsonNode from = wanted.get("from");
                long begin = from.isTextual() ? partBefore : from.asLong();
                assertEquals(from.isNull() ? null : "bytes=" + begin + "-", header(one, "Range"));
            }
            if (wanted.has("authorization")) {
                assertEquals(wanted.get("authorization").asText(null), header(one, "Authorization"));
            }
        }
    }

    private static String header(JsonNode request, String name) {
        for (Map.Entry<String, JsonNode> header : request.get("headers").properties()) {
            if (header.getKey().equalsIgnoreCase(name)) {
                return header.getValue().asText();
            }
        }
        return null;
    }
}
