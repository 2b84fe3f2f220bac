package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.types.ChatRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
        Tool plain = Tool.of("plain", "", Map.of("type", "object"), given -> given.get("a"));
        assertEquals("plain", plain.definition().function().name());
    }
}
