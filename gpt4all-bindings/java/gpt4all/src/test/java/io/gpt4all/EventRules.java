package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import io.gpt4all.types.Logprobs;
import io.gpt4all.types.TokenLogprob;
import io.gpt4all.types.ToolCallEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a request of the corpus to its end, and checks the rules that hold for every one that succeeds. */
final class EventRules {
    private EventRules() {}

    static ObjectNode read(Task task, List<Event> before, int cancelAfter) {
        Map<String, StringBuilder> pieces = new HashMap<>();
        Map<Integer, List<TokenLogprob>> tokens = new HashMap<>();
        List<String> kinds = new ArrayList<>();
        if (cancelAfter == 0) {
            task.cancel();
        }
        int texts = 0;
        try (task) {
            for (Event event : before) {
                texts += gather(event, pieces, tokens, kinds);
            }
            while (task.hasNext()) {
                int more = gather(task.next(), pieces, tokens, kinds);
                texts += more;
                if (more > 0 && texts == cancelAfter) {
                    task.cancel();
                }
            }
        } catch (LLModelException error) {
            return CaseRun.failed(error);
        }
        assertEquals("Started", kinds.getFirst(), "the first event");
        assertEquals(List.of("Result", "Done"), kinds.subList(kinds.size() - 2, kinds.size()), "the last two events");
        assertEquals(1, Collections.frequency(kinds, "Result"), "results");
        assertEquals(1, Collections.frequency(kinds, "Done"), "ends");
        JsonNode answer = Json.tree(task.answer());
        ObjectNode outcome = JsonNodeFactory.instance.objectNode().put("status", "ok");
        outcome.set("result", answer);
        if (!task.floats().isEmpty()) {
            ArrayNode rows = outcome.putArray("floats");
            for (float[] floats : task.floats()) {
                ArrayNode row = rows.addArray();
                for (float each : floats) {
                    row.add((double) each); // all of its digits
                }
            }
        }
        for (JsonNode choice : answer.path("choices")) {
            checkChoice(choice, pieces);
            List<TokenLogprob> told = choice.has("logprobs")
                    ? Json.read(choice.get("logprobs").toString(), Logprobs.class)
                            .content()
                    : List.of();
            assertEquals(told, tokens.getOrDefault(choice.get("index").asInt(), List.of()), "the log-probabilities");
        }
        return outcome;
    }

    private static int gather(
            Event event,
            Map<String, StringBuilder> pieces,
            Map<Integer, List<TokenLogprob>> tokens,
            List<String> kinds) {
        kinds.add(event.getClass().getSimpleName());
        switch (event) {
            case Event.Text piece -> append(pieces, "text " + piece.index(), piece.text());
            case Event.Reasoning piece -> append(pieces, "reasoning " + piece.index(), piece.text());
            case Event.ToolCall call -> {
                ToolCallEvent piece = call.piece();
                String place = call.index() + " " + piece.index();
                if (piece.function() != null) {
                    append(pieces, "name " + place, piece.function().name());
                    append(pieces, "arguments " + place, piece.function().arguments());
                }
            }
            case Event.TokenLogprobs told ->
                tokens.computeIfAbsent(told.index(), key -> new ArrayList<>())
                        .addAll(told.logprobs().content());
            default -> {}
        }
        return event instanceof Event.Text ? 1 : 0;
    }

    private static void append(Map<String, StringBuilder> pieces, String place, String piece) {
        pieces.computeIfAbsent(place, key -> new StringBuilder()).append(piece == null ? "" : piece);
    }

    private static void checkChoice(JsonNode choice, Map<String, StringBuilder> pieces) {
        String index = choice.get("index").asText();
        JsonNode message = choice.path("message");
        String text = choice.has("message")
                ? message.path("content").asText("")
                : choice.path("text").asText("");
        text = message.path("content").isNull() ? "" : text;
        assertEquals(text, joined(pieces, "text " + index), "the pieces of text");
        assertEquals(
                message.path("reasoning_content").asText(""), joined(pieces, "reasoning " + index), "of reasoning");
        int number = 0;
        for (JsonNode call : message.path("tool_calls")) {
            String place = index + " " + number++;
            assertEquals(call.at("/function/name").asText(), joined(pieces, "name " + place), "a call's name");
            assertEquals(
                    call.at("/function/arguments").asText(),
                    joined(pieces, "arguments " + place),
                    "a call's arguments");
        }
    }

    private static String joined(Map<String, StringBuilder> pieces, String place) {
        return pieces.getOrDefault(place, new StringBuilder()).toString();
    }
}
