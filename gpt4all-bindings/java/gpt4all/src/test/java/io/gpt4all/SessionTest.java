package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.LogLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Conversations. */
@Timeout(120)
class SessionTest {
    private static final Consumer<ChatRequest.Builder> SHORT =
            options -> options.maxTokens(8).temperature(0);
    private static Model model;

    @BeforeAll
    static void open() {
        model = TestModels.endless();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Session session() {
        return new Session(model, "Be brief.").options(SHORT);
    }

    private static List<Object> roles(Session session) {
        return session.messages().stream().map(message -> message.get("role")).toList();
    }

    @Test
    void aSessionRemembers() {
        Session session = session();
        ChatResult<Object> answer = session.chat("One");
        assertEquals(8, answer.usage().completionTokens());
        session.chat("Two", options -> options.maxTokens(3));
        assertEquals(List.of("system", "user", "assistant", "user", "assistant"), roles(session));
        assertEquals(answer.text(), session.messages().get(2).get("content"));
        assertEquals("Be brief.", session.system());
        Session other = session.fork();
        other.chat("Three");
        assertEquals(5, session.messages().size());
        assertEquals(7, other.messages().size());
    }

    @Test
    void aStreamThatIsLeftIsForgottenOrKept() {
        Session session = session();
        try (var stream =
                session.chatStream("One", options -> options.maxTokens(2000).ignoreEos(true))) {
            stream.next();
            assertTrue(session.busy());
            assertThrows(SessionBusyException.class, () -> session.chat("Two"));
            assertThrows(SessionBusyException.class, session::undo);
        }
        assertFalse(session.busy());
        assertEquals(List.of("system"), roles(session));
        session.keepPartial(true);
        String piece;
        try (var stream =
                session.chatStream("One", options -> options.maxTokens(2000).ignoreEos(true))) {
            piece = stream.next();
        }
        assertEquals(piece, session.messages().getLast().get("content"));
    }

    @Test
    void aFailureLeavesTheConversationAsItWas() {
        Session session = session();
        assertThrows(InvalidArgumentException.class, () -> session.chat("One", options -> options.temperature(-1)));
        assertThrows(InvalidArgumentException.class, () -> session.chat("One", options -> options.n(2)));
        assertFalse(session.busy());
        assertEquals(List.of("system"), roles(session));
    }

    @Test
    void historyCanBeChanged() {
        Session session = session();
        assertThrows(InvalidArgumentException.class, session::regenerate);
        session.chat("One");
        String first = session.chat("Two").text();
        assertEquals(first, session.regenerate().text());
        assertEquals(
                3, session.regenerate(options -> options.maxTokens(3)).usage().completionTokens());
        try (var stream = session.regenerateStream(options -> options.maxTokens(8))) {
            assertEquals(first, stream.result().text());
        }
        assertEquals(5, session.messages().size());
        assertThrows(InvalidArgumentException.class, () -> session.undo(3));
        assertThrows(InvalidArgumentException.class, () -> session.undo(0));
        assertEquals(4, session.fork().undo(2).size());
        assertEquals(2, session.undo().size());
        session.edit(1, "Eins");
        assertEquals(List.of("system", "user"), roles(session));
        session.regenerate();
        assertEquals("Eins", session.messages().get(1).get("content"));
        assertThrows(InvalidArgumentException.class, () -> session.edit(9, "x"));
        session.system((String) null);
        assertNull(session.system());
        session.messages(List.of(Messages.user("a"), Map.of("role", "assistant", "content", "b")));
        assertEquals(List.of("user", "assistant"), roles(session));
    }

    enum Sky {
        BLUE
    }

    record Weather(Sky sky) {}

    @Test
    void anAnswerCanBeAnObject() {
        Session session = session();
        ChatResult<Weather> answer = session.chat("How is it?", Weather.class, options -> options.maxTokens(100));
        assertEquals(new Weather(Sky.BLUE), answer.parsed());
        assertEquals(answer.text(), session.messages().getLast().get("content"));
    }

    @Test
    void aSessionIsKeptInAFile(@TempDir Path folder) throws IOException {
        Session session = session();
        session.chat("One");
        Path file = folder.resolve("session.json");
        session.save(file);
        session.save(file);
        Session again = Session.load(file, model);
        assertEquals(session.messages(), again.messages());
        assertEquals(8, again.chat("Two").usage().completionTokens());
        Files.writeString(file, "{\"format\": \"another\"}");
        InvalidArgumentException error = assertThrows(InvalidArgumentException.class, () -> Session.load(file, model));
        assertTrue(error.getMessage().contains("not a session"), error.getMessage());
        assertThrows(ModelNotFoundException.class, () -> Session.load(folder.resolve("none"), model));
        try (var left = Files.list(folder)) {
            assertEquals(1, left.count());
        }
    }

    @Test
    void aSessionIsKeptWithWhatWasComputed(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("session.json");
        Path state = folder.resolve("session.json.state");
        Session session = session();
        session.chat("One");
        session.save(file, true);
        assertTrue(Files.size(state) > 0);
        int cached;
        try (Model other = TestModels.endless()) {
            cached = cachedTokens(Session.load(file, other));
        }
        assertTrue(cached > 8, "only " + cached + " tokens were not computed again");
        Files.writeString(state, "spoilt");
        try (Model other = TestModels.endless()) {
            assertEquals(0, cachedTokens(Session.load(file, other)));
        }
        Files.delete(state);
        assertEquals(session.messages(), Session.load(file, model).messages());
    }

    @Test
    void aStateThatDoesNotFitIsWarnedOf(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("session.json");
        Path state = folder.resolve("session.json.state");
        Session session = session();
        session.chat("One");
        session.save(file, true);
        assertEquals(List.of(), warnings(file));
        Files.writeString(state, "spoilt");
        String lost = "the session continues without its saved state: ";
        assertTrue(warnings(file).getLast().startsWith(lost + state), warnings(file)::toString);
        Files.delete(state);
        assertTrue(warnings(file).getLast().startsWith(lost), warnings(file)::toString);
        for (String name : List.of("/", "\\u0000")) {
            String named = Matcher.quoteReplacement("\"state\" : \"" + name + "\"");
            Files.writeString(file, Files.readString(file).replaceFirst("\"state\" : .*", named));
            assertTrue(warnings(file).getLast().startsWith(lost), warnings(file)::toString);
        }
        GPT4All.setLog(LogLevel.WARN, (level, message) -> {
            throw new IllegalStateException(message);
        });
        Thread.UncaughtExceptionHandler before = Thread.currentThread().getUncaughtExceptionHandler();
        List<Throwable> raised = new ArrayList<>();
        Thread.currentThread().setUncaughtExceptionHandler((thread, error) -> raised.add(error));
        try {
            assertEquals(session.messages(), Session.load(file, model).messages());
            assertEquals(1, raised.size());
        } finally {
            Thread.currentThread().setUncaughtExceptionHandler(before);
            GPT4All.setLog(LogLevel.NONE, null);
        }
    }

    /** What is told as a session is read. */
    private static List<String> warnings(Path file) {
        List<String> told = new CopyOnWriteArrayList<>();
        GPT4All.setLog(LogLevel.WARN, (level, message) -> told.add(message));
        try {
            Session.load(file, model);
        } finally {
            GPT4All.setLog(LogLevel.NONE, null);
        }
        return told;
    }

    /** The file is as Python writes it; each language has this test. */
    @Test
    void theSessionsOfOtherLanguagesAreRead(@TempDir Path folder) throws IOException {
        Path sample = Corpus.CHECKOUT.resolve("gpt4all-bindings/corpus/sessions/session.json");
        Session session = Session.load(sample, model);
        assertEquals(7, session.messages().size());
        session.save(folder.resolve("session.json"));
        assertEquals(Corpus.read(sample), Corpus.read(folder.resolve("session.json")));
    }

    @Test
    void filesThatAreNoSessionsAreRefused(@TempDir Path folder) throws IOException {
        String whole = "{\"format\":\"gpt4all.session\",\"version\":1,\"messages\":[],\"options\":{},\"max_rounds\":1,"
                + "\"keep_partial\":true,\"state\":null}";
        Path file = Files.writeString(folder.resolve("session.json"), whole);
        assertEquals(List.of(), Session.load(file, model).messages());
        Map<String, String> wrong = Map.of(
                "[]",
                "format",
                whole.replace("1,\"messages", "2,\"messages"),
                "update it",
                whole.replace("[]", "[1]"),
                "not a message",
                whole.replace("null", "5"),
                "\"state\"",
                whole.replace(",\"state\":null", ""),
                "\"state\"",
                whole.replace("true", "1"),
                "\"keep_partial\"",
                whole.substring(0, 20),
                "not a session");
        for (Map.Entry<String, String> each : wrong.entrySet()) {
            Files.writeString(file, each.getKey());
            InvalidArgumentException error =
                    assertThrows(InvalidArgumentException.class, () -> Session.load(file, model), each.getKey());
            assertTrue(error.getMessage().contains(each.getValue()), error.getMessage());
        }
    }

    @Test
    void theSavedStateIsTheSessions(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("session.json");
        try (Model busy = one();
                Model other = one()) {
            Session session = new Session(busy, "Be brief and kind, and speak of cats.").options(SHORT);
            session.chat("The red cat and the blue dog?");
            session.save(file, true);
            int tokens = restored(other, folder);
            AtomicBoolean ended = new AtomicBoolean();
            Thread someone = Thread.ofVirtual().start(() -> {
                while (!ended.get()) {
                    busy.chat("something that no one else should read, and that is much longer", SHORT);
                }
            });
            try {
                for (int time = 0; time < 30; time++) {
                    session.save(file, true);
                    assertEquals(tokens, restored(other, folder));
                    try (var left = Files.list(folder)) {
                        assertEquals(2, left.count());
                    }
                }
            } finally {
                ended.set(true);
                someone.join();
            }
            int cached = cachedTokens(Session.load(file, other));
            assertTrue(cached >= tokens - 2, cached + " of " + tokens);
        }
    }

    /** A model that does one thing at a time. */
    private static Model one() {
        return Model.open(
                Corpus.tiny("tiny-llama-f32.gguf"),
                options -> options.threads(1).threadsBatch(1).nCtx(512).nParallel(1));
    }

    private static int restored(Model model, Path folder) {
        return model.restoreState(folder.resolve("session.json.state"), options -> {})
                .nTokens();
    }

    private static int cachedTokens(Session session) {
        return session.chat("Two").usage().promptTokensDetails().cachedTokens();
    }
}
