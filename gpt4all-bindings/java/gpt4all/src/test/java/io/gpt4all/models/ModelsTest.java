package io.gpt4all.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.GPT4All;
import io.gpt4all.InvalidArgumentException;
import io.gpt4all.LLModelIOException;
import io.gpt4all.ModelNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Finding, listing, checking, removing and pruning what was downloaded. */
@Timeout(120)
class ModelsTest {
    private static final int SIZE = 10_000;
    private static final String DEFAULT = Models.DEFAULT_MODEL;
    private static MisbehavingServer server;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws IOException {
        server = new MisbehavingServer();
    }

    @AfterAll
    static void stop() throws Exception {
        assertEquals(0, server.stop());
    }

    private static Settings quick() {
        Duration second = Duration.ofSeconds(1);
        return new Settings(
                false,
                null,
                server.url(),
                null,
                false,
                second,
                second,
                0,
                Duration.ofMillis(10),
                Duration.ofSeconds(60));
    }

    private static String file(String id, int size, String script) {
        return server.url() + "/" + id + "/" + size + "/" + script + "/m.gguf";
    }

    private Path downloaded(String id, String name) {
        return Models.download(
                file(id, SIZE, "good"), folder.resolve(name), Models.Expected.NOTHING, quick(), null, false);
    }

    private Path put(String name, String content) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, content);
    }

    private static Set<String> everything(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(path -> !path.equals(folder))
                    .map(path -> folder.relativize(path).toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static void makeOld(Path folder) throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(100)));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.toList()) {
                Files.setLastModifiedTime(path, old);
            }
        }
    }

    @Test
    void theCatalogueIsWhole() {
        assertTrue(Models.catalogue().size() > 40);
        assertNotNull(Models.find(DEFAULT));
        assertEquals("embedding", Models.find(Models.DEFAULT_EMBEDDING_MODEL).kind());
        Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        for (CatalogueEntry entry : Models.catalogue()) {
            assertTrue(entry.size() > 0 && entry.ramGb() > 0 && entry.parameters() > 0, entry.toString());
            assertNotNull(entry.license().name());
            assertEquals(entry.sampling().isEmpty(), entry.samplingSource() == null);
            for (String name : entry.names()) {
                assertTrue(names.add(name), name);
                assertEquals(entry, Models.find(name.replace(' ', '-').toUpperCase(java.util.Locale.ROOT)));
            }
        }
        assertTrue(Models.catalogue().stream().anyMatch(entry -> entry.chatTemplate() != null));
    }

    @Test
    void whatIsNearlyANameIsTold() {
        // what Python says of the same names
        ModelNotFoundException error =
                assertThrows(ModelNotFoundException.class, () -> Models.resolve("smollm2-135m-instrct"));
        assertTrue(
                error.getMessage()
                        .endsWith("Did you mean 'SmolLM2 135M Instruct' or 'SmolLM2-135M-Instruct-Q4_1' or"
                                + " 'SmolLM2-135M-Instruct-Q4_1.gguf'?"),
                error.getMessage());
        assertTrue(error.getMessage().contains("looked in smollm2-135m-instrct, "), error.getMessage());
        assertFalse(((List<?>) error.detail().get("tried")).isEmpty());
        error = assertThrows(ModelNotFoundException.class, () -> Models.pull("xyzzyplugh", quick(), null, false));
        assertEquals("there is no model 'xyzzyplugh'", error.getMessage());
        error = assertThrows(
                ModelNotFoundException.class,
                () -> Models.resolve("hf://o/r/absent.gguf", folder, false, quick(), null));
        assertTrue(error.getMessage().contains("may not be downloaded; looked in " + folder), error.getMessage());
        error = assertThrows(ModelNotFoundException.class, () -> GPT4All.load(folder.toString()));
        assertTrue(error.getMessage().contains("gpt4all convert"), error.getMessage());
    }

    @Test
    void similarityIsThatOfDifflib() {
        assertEquals(1, Nearly.similarity("", ""));
        assertEquals(0.75, Nearly.similarity("abcd", "bcde"));
        assertEquals(6.0 / 11, Nearly.similarity("private", "pray"));
        assertEquals(18.0 / 31, Nearly.similarity("pennsylvania ave", "pencilvaneya st"));
    }

    @Test
    void modelsGoWhereTheyShall() throws IOException {
        Path hub = Models.pull("hf://owner/a/" + SIZE + "/good/m.gguf", folder, null, quick(), null, false);
        assertEquals(folder.resolve("hf/owner/a/" + SIZE + "/good/m.gguf"), hub);
        Path own = put("own.gguf", "x");
        assertEquals(own, Models.resolve("own", folder, false, quick(), null));
        DownloadException error = assertThrows(
                DownloadException.class,
                () -> Models.pull(file("b", SIZE, "good"), folder, "0".repeat(64), quick(), null, false));
        assertEquals(DownloadException.Kind.CHECKSUM, error.kind());
    }

    @Test
    void modelsAreListed() throws Exception {
        Path older = folder.resolve("older");
        Path models = folder.resolve("models");
        put("older/old.gguf", "from an older release");
        put("models/" + DEFAULT, "put there by hand");
        put("models/notes.txt", "no model");
        Path here = downloaded("f", "models/m.gguf");
        Path other = Models.pull(file("g", 10, "good"), models, null, quick(), null, false);
        List<CachedModel> found = Cache.of(List.of(models, older), null).list();
        String below = models.relativize(other).toString();
        assertEquals(
                List.of("m.gguf", "old.gguf", DEFAULT, below),
                found.stream().map(CachedModel::name).toList());
        CachedModel model = found.getFirst();
        assertEquals(here, model.path());
        assertEquals(SIZE, model.size());
        assertEquals(Hashes.ofFile(here, "SHA-256", new Reporter(null, "")), model.sha256());
        assertEquals(file("f", SIZE, "good"), model.source());
        assertNull(found.get(1).sha256());
        assertNull(found.get(1).source());
        assertEquals(Models.find(DEFAULT), found.get(2).entry());
        assertEquals(Models.find(DEFAULT).sha256(), found.get(2).sha256());
        for (CachedModel each : Models.listCached(models)) {
            assertEquals(each.path(), Models.resolve(each.name(), models, false, quick(), null));
        }
        assertEquals(List.of(), Models.listCached(folder.resolve("nowhere")));
    }

    @Test
    void modelsAreVerified() throws IOException {
        Path path = downloaded("f", "m.gguf");
        List<ProgressInfo> seen = new ArrayList<>();
        Verification found = Models.verify("m", folder, seen::add);
        assertEquals(true, found.ok());
        assertEquals(found.expected(), found.found());
        assertEquals("sha256", found.algorithm());
        assertEquals(new ProgressInfo(ProgressInfo.Phase.VERIFYING, SIZE, SIZE), seen.getLast());
        Files.write(path, new byte[SIZE]);
        assertEquals(false, Models.verify("m", folder, null).ok());
        put(DEFAULT, "not it");
        assertEquals(false, Models.verify(DEFAULT, folder, null).ok());
        put("orca-mini-3b-gguf2-q4_0.gguf", "not it either");
        found = Models.verify("orca-mini-3b-gguf2-q4_0", folder, null);
        assertEquals("md5", found.algorithm());
        assertEquals(false, found.ok());
        put("mine.gguf", "unknown");
        assertNull(Models.verify("mine", folder, null).ok());
        ModelNotFoundException error =
                assertThrows(ModelNotFoundException.class, () -> Models.verify("nothing", folder, null));
        assertTrue(error.getMessage().contains("on this machine; looked in " + folder), error.getMessage());
    }

    @Test
    void modelsAreRemoved() throws IOException {
        Path path = downloaded("f", "m.gguf");
        assertEquals(List.of(path), Models.remove("m", folder));
        assertTrue(Set.of(".gpt4all", ".gpt4all/m.gguf.lock").containsAll(everything(folder)));
        assertThrows(ModelNotFoundException.class, () -> Models.remove("m", folder));
        Path first = put("a-00001-of-00002.gguf", "1");
        Path second = put("a-00002-of-00002.gguf", "2");
        assertEquals(List.of(first, second), Models.remove("a-00002-of-00002", folder));
    }

    @Test
    void nothingOutsideOfTheCacheIsRemoved(@TempDir Path elsewhere) throws IOException {
        Path mine = Files.writeString(elsewhere.resolve("precious.gguf"), "mine");
        InvalidArgumentException error =
                assertThrows(InvalidArgumentException.class, () -> Models.remove(mine.toString(), folder));
        assertTrue(error.getMessage().contains("not in the cache"), error.getMessage());
        Files.createSymbolicLink(folder.resolve("link"), elsewhere);
        assertThrows(InvalidArgumentException.class, () -> Models.remove("link/precious.gguf", folder));
        assertThrows(InvalidArgumentException.class, () -> Models.remove(mine.toString()));
        assertTrue(Files.exists(mine));
    }

    @Test
    void whatIsBeingDownloadedStays() throws IOException {
        Path path = put("m.gguf", "x");
        makeOld(put(".gpt4all/m.gguf.part", "half").getParent());
        try (DownloadLock lock = DownloadLock.now(path)) {
            assertNotNull(lock);
            LLModelIOException error = assertThrows(LLModelIOException.class, () -> Models.remove("m", folder));
            assertTrue(error.getMessage().contains("is being downloaded"), error.getMessage());
            makeOld(folder);
            assertEquals(List.of(), Models.prune(folder, Duration.ofDays(7)).paths());
        }
        assertEquals(4, Models.prune(folder, Duration.ofDays(7)).freedBytes());
    }

    @Test
    void whatIsOldIsPrunedAndNothingElse() throws IOException {
        downloaded("f", "m.gguf");
        assertThrows(
                DownloadException.class,
                () -> Models.download(
                        file("g", SIZE, "cut-5000"),
                        folder.resolve("g.gguf"),
                        Models.Expected.NOTHING,
                        quick(),
                        null,
                        false));
        Files.delete(downloaded("h", "h.gguf"));
        put("ancient.gguf.part", "123");
        Files.delete(Models.pull(file("i", 10, "good"), folder, null, quick(), null, false));
        assertEquals(List.of(), Models.prune(folder, Duration.ofDays(7)).paths());
        makeOld(folder);
        Pruned pruned = Models.prune(folder, Duration.ofDays(7));
        assertTrue(pruned.freedBytes() >= 5000 + 3, pruned.toString());
        assertTrue(pruned.paths().contains(folder.resolve(".gpt4all/g.gguf.part")), pruned.toString());
        assertEquals(Set.of("m.gguf", ".gpt4all", ".gpt4all/m.gguf.json"), everything(folder));
        assertEquals(true, Models.verify("m", folder, null).ok());
    }

    @Test
    void translationsOfWhatIsGoneArePruned() throws IOException {
        Path source = put("source.bin", "a model of 2023");
        Path translated = folder.resolve("translated");
        put("translated/kept.gguf", "a");
        put("translated/stale.gguf", "bb");
        put("translated/unknown.gguf", "ccc");
        put("translated/half.part", "dddd");
        put("translated/1.json", record("kept.gguf", source));
        put("translated/2.json", record("stale.gguf", source).replace("\"size\": ", "\"size\": 1"));
        put("translated/2.lock", "");
        Cache cache = Cache.of(List.of(folder.resolve("models")), folder);
        assertEquals(
                List.of(), cache.prune(Instant.now().minus(Duration.ofDays(7))).paths());
        makeOld(translated);
        Pruned pruned = cache.prune(Instant.now().minus(Duration.ofDays(7)));
        assertEquals(Set.of("1.json", "kept.gguf"), everything(translated));
        assertEquals(5, pruned.paths().size(), pruned.toString());
        Files.writeString(source, "another");
        assertEquals(2, cache.prune(Instant.now()).paths().size());
    }

    @Test
    void rearrangedWeightsThatWereNotUsedArePruned() throws IOException {
        Path panels = folder.resolve("panels");
        Path old = put("panels/0-1.panels", "12345");
        Path used = put("panels/0-2.panels", "12345");
        Path part = put("panels/0-3.panels.abcdef.part", "12345");
        put("panels/lock", "12345");
        Cache cache = Cache.of(List.of(folder.resolve("models")), folder);
        Instant weekAgo = Instant.now().minus(Duration.ofDays(7));
        assertEquals(List.of(), cache.prune(weekAgo).paths());
        makeOld(panels);
        Files.setLastModifiedTime(used, FileTime.from(Instant.now()));
        assertEquals(List.of(), Models.prune(folder, Duration.ofDays(7)).paths());
        assertEquals(new Pruned(List.of(old, part), 10), cache.prune(weekAgo));
        assertEquals(Set.of("0-2.panels", "lock"), everything(panels));
        assertEquals(List.of(used), cache.prune(Instant.now().plusSeconds(60)).paths());
    }

    /** What the engine notes of a translation, where it lies on a system that has inodes. */
    private static String record(String translation, Path source) throws IOException {
        var found = Files.readAttributes(source, "unix:dev,ino,size,lastModifiedTime");
        long time = ((FileTime) found.get("lastModifiedTime")).to(java.util.concurrent.TimeUnit.NANOSECONDS);
        return "{\"translation\": \"%s\", \"files\": [{\"path\": \"%s\", \"device\": %s, \"inode\": %s, \"size\": %s,"
                        .formatted(translation, source, found.get("dev"), found.get("ino"), found.get("size"))
                + " \"modified_ns\": " + time + "}]}";
    }
}
