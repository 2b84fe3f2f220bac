package io.gpt4all;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Format;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.Logs;
import io.gpt4all.types.Operation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** The Source that answers, calls and answers again. Functions run on the thread that reads the events. */
final class ToolLoop implements Source<ToolsResult> {
    /** Most answers of the model in one run, where the caller does not say. */
    static final int MAX_ROUNDS = 10;

    private final Model model;
    private final ObjectNode request;
    private final ArrayNode messages;
    private final Map<String, Tool> functions = new LinkedHashMap<>();
    private final Set<String> leftToCaller = new HashSet<>();
    private final int maxRounds;
    private final ArrayDeque<Event> told = new ArrayDeque<>();
    private final List<ToolOutcome> calls = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private Request<ChatResult<Object>> current;
    private boolean stopped;
    private int rounds = 1;
    private ToolsResult result;

    /** `request` is a chat's; its tools are left to the caller. */
    ToolLoop(Model model, ObjectNode request, List<Tool> tools, int maxRounds) {
        this.model = model;
        this.request = request;
        this.maxRounds = maxRounds;
        if (maxRounds < 1) {
            throw new InvalidArgumentException("max_rounds is " + maxRounds + ", but a run needs at least one round");
        }
        if (request.path("n").asInt(1) != 1) {
            throw new InvalidArgumentException("a run with tools has one answer at a time; leave \"n\" out");
        }
        ArrayNode described = request.withArray("tools");
        described.forEach(tool -> leftToCaller.add(tool.at("/function/name").asText()));
        for (Tool tool : tools) {
            functions.put(tool.name(), tool);
            described.add(Json.node(tool.definition()));
        }
        messages = request.withArray("messages");
        current = round();
    }

    private Request<ChatResult<Object>> round() {
        Format<Object> format = Format.of(request);
        return new Request<>(model, Operation.CHAT, request.deepCopy(), (json, floats) -> ChatResult.of(json, format));
    }

    @Override
    public void start() {
        current.start();
    }

    @Override
    public Event next() {
        while (true) {
            if (!told.isEmpty()) {
                return told.poll();
            }
            if (result != null) {
                return null;
            }
            Event event = current.next();
            if (event != null) {
                return event;
            }
            answered(current.result());
        }
    }

    private void answered(ChatResult<Object> answer) {
        current.close();
        ObjectNode message = withoutCutCalls(answer.messageNode());
        messages.add(message);
        JsonNode asked = message.path("tool_calls");
        boolean ours = !asked.isEmpty();
        for (JsonNode call : asked) {
            ours &= !leftToCaller.contains(nameOf(call));
        }
        if (!ours) {
            result = new ToolsResult(answer, Conversation.maps(messages), List.copyOf(calls), rounds);
            return;
        }
        if (rounds == maxRounds) {
            throw new ToolRoundsException(
                    "after " + rounds
                            + " rounds the model is still asking for calls; raise max_rounds, or ask for less",
                    Map.of("messages", Conversation.maps(messages), "rounds", rounds),
                    null);
        }
        asked.forEach(this::answerCall);
        if (!request.path("tool_choice").asText().equals("none")) {
            request.put("tool_choice", "auto");
        }
        rounds++;
        advance();
    }

    private void advance() {
        lock.lock();
        try {
            check();
            current = round();
            current.start();
        } finally {
            lock.unlock();
        }
    }

    private void check() {
        if (stopped || Thread.currentThread().isInterrupted()) {
            throw new CancelledException("the run was cancelled between two answers");
        }
    }

    private void answerCall(JsonNode call) {
        check();
        String name = nameOf(call);
        JsonNode given = call.at("/function/arguments");
        String arguments = given.isTextual() ? given.asText() : Json.text(given);
        ToolOutcome outcome = outcome(name, arguments);
        check();
        calls.add(outcome);
        ObjectNode message = messages.addObject()
                .put("role", "tool")
                .put("tool_call_id", call.path("id").asText(""))
                .put("name", name)
                .put("content", outcome.content());
        told.add(new Event.ToolResult(0, Json.map(Json.text(message))));
    }

    private ToolOutcome outcome(String name, String arguments) {
        try {
            Tool tool = functions.get(name);
            if (tool == null) {
                throw new IllegalArgumentException(
                        "there is no tool \"" + name + "\"; the tools are " + String.join(", ", functions.keySet()));
            }
            Object value = tool.call(arguments);
            return new ToolOutcome(name, arguments, Tool.content(value), value, null);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt(); // for whoever interrupted: the run ends, and check() says so
            return new ToolOutcome(name, arguments, "", null, error);
        } catch (Exception error) {
            check();
            Logs.warn("the tool " + name + "(" + arguments + ") failed: " + error);
            String text = error.getClass().getSimpleName() + ": " + error.getMessage();
            String unicode = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            return new ToolOutcome(name, arguments, Tool.content(Map.of("error", unicode)), null, error);
        }
    }

    private static String nameOf(JsonNode call) {
        return call.at("/function/name").asText();
    }

    /** A message without a call that max_tokens cut short, which no template could show to the model again. */
    private static ObjectNode withoutCutCalls(ObjectNode message) {
        if (message.path("tool_calls") instanceof ArrayNode calls) {
            calls.removeIf(call -> !isObject(call.at("/function/arguments")));
            if (calls.isEmpty()) {
                message.remove("tool_calls");
            }
        }
        return message;
    }

    private static boolean isObject(JsonNode arguments) {
        try {
            return (arguments.isTextual() ? Json.MAPPER.readTree(arguments.asText()) : arguments).isObject();
        } catch (com.fasterxml.jackson.core.JsonProcessingException error) {
            return false;
        }
    }

    @Override
    public void cancel() {
        lock.lock();
        try {
            stopped = true;
            current.cancel();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        cancel();
        current.close();
    }

    @Override
    public ToolsResult result() {
        if (result == null) {
            throw new CancelledException("the answer was abandoned: its stream was closed");
        }
        return result;
    }
}
