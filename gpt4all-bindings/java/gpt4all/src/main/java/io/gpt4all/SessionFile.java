package io.gpt4all;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.Logs;
import io.gpt4all.types.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** The file of a session, which all bindings write alike. */
final class SessionFile {
    private static final String FORMAT = "gpt4all.session";
    private static final int VERSION = 1;

    private SessionFile() {}

    static void write(
            Path path, ArrayNode messages, ObjectNode options, int maxRounds, boolean keepPartial, String state) {
        ObjectNode content =
                JsonNodeFactory.instance.objectNode().put("format", FORMAT).put("version", VERSION);
        content.set("messages", messages);
        content.set("options", options);
        content.put("max_rounds", maxRounds).put("keep_partial", keepPartial).put("state", state);
        try {
            Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
            if (Files.exists(target) && !Files.isRegularFile(target)) {
                throw new InvalidArgumentException(target + " is not a regular file; give the session another name");
            }
            Path temporary = Files.createTempFile(target.getParent(), ".session-", "");
            try {
                Files.writeString(
                        temporary, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException error) {
            throw failed(path, "the session cannot be written", error);
        }
    }

    /** Writes what the engine remembers of a conversation beside the session's file, and gives the name of that file. */
    static String writeState(Path path, Model model, ArrayNode messages, ObjectNode options, List<Tool> tools) {
        ObjectNode chat = options.deepCopy();
        chat.set("messages", messages.deepCopy());
        if (!tools.isEmpty()) {
            ArrayNode described = chat.withArray("tools");
            tools.forEach(tool -> described.add(Json.node(tool.definition())));
        }
        chat.put("add_generation_prompt", false).put("stream", false);
        String name = path.getFileName() + ".state";
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.put("path", path.resolveSibling(name).toString()).set("chat", chat);
        new Request<>(model, Operation.SAVE_STATE, request, (json, floats) -> Json.tree(json)).finish();
        return name;
    }

    /** Reads what writeState() wrote; a state that is gone or of another model is no reason to lose the conversation. */
    static void readState(Path path, Model model, String state) {
        if (state == null) {
            return;
        }
        try {
            model.restoreState(path.resolveSibling(state.substring(state.lastIndexOf('/') + 1)), options -> {});
        } catch (LLModelException | InvalidPathException lost) {
            Logs.warn("the session continues without its saved state: " + lost.getMessage());
        }
    }

    static ObjectNode read(Path path) {
        JsonNode content;
        try {
            content = Json.MAPPER.readTree(Files.readAllBytes(path));
        } catch (JsonProcessingException error) {
            throw wrong(path, error.getOriginalMessage());
        } catch (IOException error) {
            throw failed(path, "the session cannot be read", error);
        }
        if (!content.path("format").asText().equals(FORMAT)) {
            throw wrong(path, "it has no \"format\": \"" + FORMAT + "\"");
        }
        if (content.path("version").asInt() != VERSION) {
            throw new InvalidArgumentException(path + ": a session of version "
                    + content.path("version").asText() + ", which this gpt4all does not know; update it");
        }
        Map<String, Boolean> right = Map.of(
                "messages", content.path("messages").isArray(),
                "options", content.path("options").isObject(),
                "max_rounds", content.path("max_rounds").isInt(),
                "keep_partial", content.path("keep_partial").isBoolean(),
                "state",
                        content.path("state").isTextual()
                                || content.path("state").isNull());
        right.forEach((key, is) -> {
            if (!is) {
                throw wrong(path, "\"" + key + "\" is missing or wrong");
            }
        });
        for (JsonNode message : content.get("messages")) {
            if (!message.isObject()) {
                throw wrong(path, "\"messages\" contains something that is not a message");
            }
        }
        return (ObjectNode) content;
    }

    private static InvalidArgumentException wrong(Path path, String why) {
        return new InvalidArgumentException(path + ": not a session: " + why, Map.of("path", path.toString()), null);
    }

    private static LLModelException failed(Path path, String doing, IOException error) {
        Map<String, String> detail = Map.of("path", path.toString());
        return error instanceof NoSuchFileException
                ? new ModelNotFoundException(path + ": " + doing + ": no such file", detail, error)
                : new LLModelIOException(path + ": " + doing + ": " + error.getMessage(), detail, error);
    }
}
