package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.internal.Format;
import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.LogLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Functions that the model calls. */
@Timeout(120)
class ToolsTest {
    private static final String TEMPLATE = """
            {% if tools %}tools:{% for tool in tools %} {{ tool.function | tojson }}{% endfor %}
            {% endif %}{% for message in messages %}{{ message.role }}: {{ message.content or '' }}{% for call in \
            message.tool_calls or [] %}<tool_call>
            {"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
            </tool_call>{% endfor %}
            {% endfor %}""";

    private static Model model;

    enum Place {
        PARIS
    }

    record Question(Place place) {}

    @BeforeAll
    static void open() {
        model = Model.open(
                Corpus.tiny("tiny-llama-f32.gguf"),
                options -> options.threads(1)
                        .threadsBatch(1)
                        .nCtx(4096)
                        .nParallel(2)
                        .chatTemplate(TEMPLATE));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ChatRequest request() {
        return ChatRequest.builder()
                .messages(List.of(Messages.user("How is the weather?")))
                .toolChoice("required")
                .parallelToolCalls(false)
                .maxTokens(200)
                .temperature(0)
                .build();
    }

    private static Tool weather(Tool.Function<Question> function) {
        return Tool.of("weather", "The weather.", Question.class, function);
    }

    private static ToolsResult runWithASlowTool(CountDownLatch begun) {
        return model.runTools(
                request(),
                List.of(weather(asked -> {
                    begun.countDown();
                    Thread.sleep(100_000);
                    return "late";
                })),
                2);
    }

    @Test
    void aFunctionIsCalledWithARecord() {
        ToolsResult result = model.runTools(request(), List.of(weather(asked -> Map.of("sky", asked.place()))), 2);
        ToolOutcome call = result.calls().getFirst();
        assertEquals("weather", call.name());
        assertEquals("{\"sky\":\"PARIS\"}", call.content());
        assertEquals(2, result.rounds());
        assertEquals("tool", result.messages().get(2).get("role"));
        assertEquals(result.answer().text(), result.text());
    }

    @Test
    void anExceptionIsToldToTheModel() {
        ToolsResult result = model.runTools(
                request(),
                List.of(weather(asked -> {
                    throw new TimeoutException("no answer");
                })),
                2);
        ToolOutcome call = result.calls().getFirst();
        assertEquals("{\"error\":\"TimeoutException: no answer\"}", call.content());
        assertInstanceOf(TimeoutException.class, call.error());
    }

    @Test
    void whatIsNotUnicodeIsToldToTheModel() {
        List<Tool.Function<Question>> odd = List.of(
                asked -> "cut \ud800",
                asked -> Map.of("cut", "\ud800"),
                asked -> {
                    throw new TimeoutException("cut \ud800");
                },
                asked -> new Object[] {new Object()});
        for (Tool.Function<Question> function : odd) {
            ToolOutcome call = model.runTools(request(), List.of(weather(function)), 2)
                    .calls()
                    .getFirst();
            assertTrue(call.content().startsWith("{\"error\":"), call.content());
            assertNull(call.value());
        }
    }

    @Test
    void whatFailedIsAlsoWarnedOf() {
        List<String> warnings = new CopyOnWriteArrayList<>();
        GPT4All.setLog(LogLevel.WARN, (level, message) -> warnings.add(level + " " + message));
        try {
            model.runTools(
                    request(),
                    List.of(weather(asked -> {
                        throw new TimeoutException("no answer");
                    })),
                    2);
        } finally {
            GPT4All.setLog(LogLevel.NONE, null);
        }
        assertTrue(
                warnings.stream()
                        .anyMatch(each -> each.startsWith("WARN the tool weather({")
                                && each.endsWith("failed: " + TimeoutException.class.getName() + ": no answer")),
                warnings::toString);
    }

    @Test
    void anInterruptionWithinAFunctionEndsTheRun() throws InterruptedException {
        for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            Thread thread = builder.start(() -> {
                try {
                    runWithASlowTool(begun);
                    ended.complete(null);
                } catch (Throwable error) {
                    ended.complete(Thread.currentThread().isInterrupted() ? error : new AssertionError(error));
                }
            });
            begun.await();
            thread.interrupt();
            assertInstanceOf(CancelledException.class, ended.join());
            thread.join();
        }
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        CompletableFuture<ToolsResult> future = model.async(() -> {
            try {
                return runWithASlowTool(begun);
            } catch (RuntimeException error) {
                ended.complete(error);
                throw error;
            }
        });
        begun.await();
        future.cancel(true);
        assertInstanceOf(CancelledException.class, ended.join());
    }

    @Test
    void anErrorInAFunctionEndsTheRunOnce() {
        int[] calls = {0};
        Tool failing = weather(asked -> {
            calls[0]++;
            throw new AssertionError("not for the model");
        });
        assertThrows(AssertionError.class, () -> model.runTools(request(), List.of(failing), 2));
        try (TextStream<ToolsResult> stream = model.runToolsStream(request(), List.of(failing), 2)) {
            assertThrows(AssertionError.class, () -> stream.forEachRemaining(piece -> {}));
            assertThrows(ClosedException.class, stream::hasNext);
            assertThrows(CancelledException.class, stream::result);
        }
        assertEquals(2, calls[0]);
        Session session = new Session(model)
                .tools(List.of(failing))
                .keepPartial(true)
                .options(
                        options -> options.maxTokens(200).toolChoice("required").parallelToolCalls(false));
        assertThrows(AssertionError.class, () -> session.chat("How is the weather?"));
        assertEquals(List.of(), session.messages());
        assertFalse(session.busy());
    }

    record Order(
            @JsonSchema("{\"minimum\": 1, \"maximum\": 9}") int count,

            @NotRequired @JsonSchema("{\"pattern\": \"^[a-z]+$\", \"maxLength\": 3}")
            String code,

            @NotRequired @JsonSchema("{\"maxItems\": 2, \"uniqueItems\": true}")
            List<Part> parts) {}

    record Part(
            @JsonSchema("{\"multipleOf\": 0.1, \"exclusiveMaximum\": 1}")
            double weight) {}

    @Test
    void furtherKeywordsOfArgumentsAreChecked() throws Exception {
        Tool tool = Tool.of("order", "", Order.class, order -> order.count());
        assertEquals(9, tool.call("{\"count\": 9}"));
        assertEquals(
                1, tool.call("{\"count\": 1, \"code\": \"abc\", \"parts\": [{\"weight\": 0.3}, {\"weight\": 0.7}]}"));
        Map<String, String> wrong = Map.of(
                "{\"count\": 12}",
                "/count: 12 is outside maximum 9",
                "{\"count\": 0}",
                "/count: 0 is outside minimum 1",
                "{\"count\": 1, \"code\": \"ABC\"}",
                "/code: \"ABC\" is outside pattern \"^[a-z]+$\"",
                "{\"count\": 1, \"code\": \"abcd\"}",
                "/code: \"abcd\" is outside maxLength 3",
                "{\"count\": 1, \"parts\": [{\"weight\": 0.1}, {\"weight\": 0.25}]}",
                "/parts/1/weight: 0.25 is outside multipleOf 0.1",
                "{\"count\": 1, \"parts\": [{\"weight\": 1.5}]}",
                "/parts/0/weight: 1.5 is outside exclusiveMaximum 1",
                "{\"count\": 1, \"parts\": [{\"weight\": -1e400000000}]}",
                "is outside multipleOf 0.1",
                "{\"count\": 1, \"parts\": [{\"weight\": 0.1}, {\"weight\": 0.1}]}",
                "is outside uniqueItems true");
        for (Map.Entry<String, String> each : wrong.entrySet()) {
            IllegalArgumentException error =
                    assertThrows(IllegalArgumentException.class, () -> tool.call(each.getKey()), each.getKey());
            assertTrue(error.getMessage().startsWith("the arguments do not fit: "), error.getMessage());
            assertTrue(error.getMessage().contains(each.getValue()), error.getMessage());
        }
        assertEquals(new Order(3, null, null), new Format<>(Order.class).parse("{\"count\": 3}", "stop"));
        ResponseFormatException error = assertThrows(
                ResponseFormatException.class, () -> new Format<>(Order.class).parse("{\"count\": 12}", "stop"));
        assertTrue(error.getMessage().endsWith("/count: 12 is outside maximum 9"), error.getMessage());
    }

    @Test
    void roundsAreLimited() {
        ToolRoundsException error = assertThrows(
                ToolRoundsException.class, () -> model.runTools(request(), List.of(weather(asked -> "fine")), 1));
        assertEquals(1, error.detail().get("rounds"));
        assertThrows(InvalidArgumentException.class, () -> model.runTools(request(), List.of(), 0));
    }

    @Test
    void aRunCanBeStreamedAndCancelled() {
        List<Event> events = new ArrayList<>();
        try (TextStream<ToolsResult> stream = model.runToolsStream(request(), List.of(weather(asked -> "fine")), 2)) {
            stream.events().forEachRemaining(events::add);
            assertEquals(1, stream.result().calls().size());
        }
        assertTrue(events.stream().anyMatch(Event.ToolCall.class::isInstance));
        assertTrue(events.stream().anyMatch(Event.ToolResult.class::isInstance));
        TextStream<?>[] running = new TextStream<?>[1];
        try (TextStream<ToolsResult> stream = model.runToolsStream(
                request(),
                List.of(weather(asked -> {
                    running[0].cancel();
                    return "late";
                })),
                2)) {
            running[0] = stream;
            assertThrows(CancelledException.class, stream::result);
        }
    }

    @Test
    void callsOfToolsInTheRequestAreLeftToTheCaller() throws Exception {
        ChatRequest mine = ChatRequest.builder()
                .messages(List.of(Messages.user("How is the weather?")))
                .tools(List.of(weather(asked -> "never").definition()))
                .toolChoice("required")
                .maxTokens(200)
                .temperature(0)
                .build();
        ToolsResult result = model.runTools(mine, List.of(), 3);
        assertEquals(1, result.rounds());
        var call = result.answer().toolCalls().getFirst().function();
        assertEquals("weather", call.name());
        Object value = weather(asked -> asked.place().name()).call((String) call.arguments());
        assertEquals("PARIS", value);
        Messages.assistant(result.answer());
    }

    @Test
    void aSessionCallsItsTools() {
        Session session = new Session(model)
                .tools(List.of(weather(asked -> "fine")))
                .maxRounds(2)
                .options(options -> options.maxTokens(200)
                        .temperature(0)
                        .toolChoice("required")
                        .parallelToolCalls(false));
        session.chat("How is the weather?");
        List<Object> roles =
                session.messages().stream().map(message -> message.get("role")).toList();
        assertEquals(List.of("user", "assistant", "tool", "assistant"), roles);
    }

    @Test
    void argumentsAndNamesAreChecked() {
        Tool tool = weather(asked -> "fine");
        assertThrows(IllegalArgumentException.class, () -> tool.call("{\"place\": \"LONDON\"}"));
        assertThrows(IllegalArgumentException.class, () -> tool.call("{}"));
        assertThrows(IllegalArgumentException.class, () -> tool.call("null"));
        assertThrows(InvalidArgumentException.class, () -> Tool.of("two words", "", Question.class, asked -> ""));
        assertThrows(NullPointerException.class, () -> Tool.of("weather", "", Question.class, null));
        Tool plain = Tool.of("plain", "", Map.of("type", "object"), given -> given.get("a"));
        assertEquals("plain", plain.definition().function().name());
    }
}
