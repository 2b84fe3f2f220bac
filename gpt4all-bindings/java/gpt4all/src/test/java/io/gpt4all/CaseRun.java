package io.gpt4all;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import io.gpt4all.types.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** A case of the corpus that runs: its model, its sessions and the outcomes of its steps so far. */
final class CaseRun implements AutoCloseable {
    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

    final ArrayNode outcomes = MAKE.arrayNode();
    final JsonNode steps;
    private final Path path;
    private final Map<String, Session> sessions = new HashMap<>();
    private Model model;

    CaseRun(JsonNode given, Path modelPath, Path scratch) {
        path = modelPath;
        steps = filled(
                given.get("steps"),
                Map.of(
                        "${models}", Corpus.committedModels().toString().replace('\\', '/'),
                        "${scratch}", scratch.toString().replace('\\', '/')));
    }

    private static JsonNode filled(JsonNode value, Map<String, String> places) {
        if (value.isTextual()) {
            String text = value.asText();
            for (Map.Entry<String, String> place : places.entrySet()) {
                text = text.replace(place.getKey(), place.getValue());
            }
            return MAKE.textNode(text);
        }
        if (value.isArray()) {
            ArrayNode array = MAKE.arrayNode();
            value.forEach(item -> array.add(filled(item, places)));
            return array;
        }
        if (value.isObject()) {
            ObjectNode object = MAKE.objectNode();
            value.properties().forEach(item -> object.set(item.getKey(), filled(item.getValue(), places)));
            return object;
        }
        return value;
    }

    /** Does a step and gives its outcome. */
    JsonNode step(JsonNode step) throws Exception {
        JsonNode outcome = switch (step.get("do").asText()) {
            case "open" -> attempt(() -> opened(step));
            case "inspect" -> attempt(() -> GPT4All.inspect(pathOf(step), (ObjectNode) step.get("options")));
            case "request" -> submitted(step).get();
            case "together" -> together(step.get("requests"));
            case "say" -> attempt(() -> said(step));
            case "fork" -> {
                sessions.put(
                        step.get("to").asText(),
                        sessions.get(step.get("session").asText()).fork());
                yield ok();
            }
            case "save_state" -> state("llmodel_save_state", step);
            case "restore_state" -> state("llmodel_restore_state", step);
            case "quantize" ->
                attempt(() -> GPT4All.write(
                        "llmodel_quantize",
                        pathOf(step),
                        step.get("out_path").asText(),
                        (ObjectNode) step.get("options"),
                        null));
            case "close" -> {
                close();
                yield ok();
            }
            case "statuses" -> {
                ObjectNode result = MAKE.objectNode();
                for (Status status : Status.values()) {
                    result.put(nameOf(status), status.value());
                }
                yield ok().set("result", result);
            }
            default -> throw new AssertionError("unknown step " + step);
        };
        outcomes.add(outcome);
        return outcome;
    }

    private static ObjectNode ok() {
        return MAKE.objectNode().put("status", "ok");
    }

    private static String nameOf(Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    private static ObjectNode attempt(Supplier<String> work) {
        try {
            String json = work.get();
            return ok().set("result", Json.tree(json));
        } catch (LLModelException error) {
            return failure(error);
        }
    }

    private static ObjectNode failure(LLModelException error) {
        ObjectNode outcome =
                MAKE.objectNode().put("status", nameOf(error.status())).put("message", error.getMessage());
        return outcome.set("detail", Json.node(error.detail()));
    }

    private String pathOf(JsonNode step) {
        return step.has("path") ? step.get("path").asText() : path.toString();
    }

    private String opened(JsonNode step) {
        close();
        model = Model.open(pathOf(step), (ObjectNode) step.get("options"), null);
        return model.infoJson();
    }

    private String said(JsonNode step) {
        Session session = sessions.computeIfAbsent(
                step.get("session").asText(),
                name -> new Session(
                        model, step.has("system") ? step.get("system").asText() : null));
        session.model(model);
        List<?> question =
                List.of(Conversation.message("user", step.get("content").asText()));
        return session.ask(question, Json.object(step.get("request")), false)
                .finish()
                .json();
    }

    private JsonNode state(String function, JsonNode step) {
        return attempt(() -> model.state(function, step.get("path").asText(), (ObjectNode) step.get("request")));
    }

    private JsonNode together(JsonNode requests) throws Exception {
        List<Supplier<ObjectNode>> readers = new ArrayList<>();
        requests.forEach(request -> readers.add(submitted(request)));
        ArrayNode found = MAKE.arrayNode();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<ObjectNode>> futures = new ArrayList<>();
            readers.forEach(reader -> futures.add(pool.submit(reader::get)));
            for (Future<ObjectNode> future : futures) {
                found.add(future.get());
            }
        }
        return found;
    }

    /** Submits a request at once, and returns what reads its events to the end. */
    private Supplier<ObjectNode> submitted(JsonNode call) {
        Task task;
        try {
            task = model.submit(call.get("operation").asText(), call.get("request"));
        } catch (LLModelException error) {
            ObjectNode outcome = failure(error);
            return () -> outcome;
        }
        List<Event> before = new ArrayList<>();
        ObjectNode polled = MAKE.objectNode();
        if (call.has("poll")) {
            before.add(task.next());
            Event second = task.next(Duration.ZERO);
            polled.put("poll_status", second == null ? "timeout" : "ok");
            if (second != null) {
                before.add(second);
            }
        }
        int cancelAfter = call.has("cancel_after") ? call.get("cancel_after").asInt() : -1;
        return () -> polled.setAll(EventRules.read(task, before, cancelAfter));
    }

    static ObjectNode failed(LLModelException error) {
        return failure(error);
    }

    @Override
    public void close() {
        if (model != null) {
            model.close();
        }
    }
}
