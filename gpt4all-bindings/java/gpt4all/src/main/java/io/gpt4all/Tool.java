package io.gpt4all;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.Keywords;
import io.gpt4all.internal.Schemas;
import io.gpt4all.types.ToolFunction;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** A function that a model may ask to call. */
public final class Tool {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    /** What is called: it may raise anything, which the model is told. */
    @FunctionalInterface
    public interface Function<A> {
        /** Gives what the model is told: a text as it is, all else as JSON. */
        Object call(A arguments) throws Exception;
    }

    private final String name;
    private final String description;
    private final JsonNode parameters;
    private final Class<?> type;
    private final Function<Object> function;

    @SuppressWarnings("unchecked") // the arguments are read as `type`, which is the function's
    private Tool(String name, String description, JsonNode parameters, Class<?> type, Function<?> function) {
        Objects.requireNonNull(function, "function");
        if (!NAME.matcher(Objects.requireNonNull(name, "name")).matches()) {
            throw new InvalidArgumentException(
                    "\"" + name + "\" is not a name for a tool: use 1 to 64 of A-Z, a-z, 0-9, _, . and -");
        }
        this.name = name;
        this.description = description;
        this.parameters = parameters;
        this.type = type;
        this.function = (Function<Object>) function;
    }

    /**
     * A function whose arguments are a record, which describes them: by its components' names and types, and
     * {@link Description}. Raises InvalidArgumentException for a type that no JSON Schema can describe.
     */
    public static <A extends Record> Tool of(String name, String description, Class<A> type, Function<A> function) {
        Json.checkReadable(type);
        return new Tool(name, description, Schemas.of(type), type, function);
    }

    /** A function with its JSON Schema, whose arguments are plain JSON values. */
    public static Tool of(
            String name, String description, Map<String, ?> parameters, Function<Map<String, Object>> function) {
        return new Tool(name, description, Json.node(parameters), Map.class, function);
    }

    /** What it is called. */
    public String name() {
        return name;
    }

    /** The tool as a request has it. */
    public io.gpt4all.types.Tool definition() {
        return io.gpt4all.types.Tool.builder()
                .function(ToolFunction.builder()
                        .name(name)
                        .description(description)
                        .parameters(Json.map(Json.text(parameters)))
                        .build())
                .build();
    }

    /**
     * Calls the function with the arguments of a tool call, which are JSON text. Raises what the function raises, and
     * IllegalArgumentException for arguments that do not fit.
     */
    public Object call(String arguments) throws Exception {
        Object given;
        try {
            given = Json.STRICT.readValue(arguments, type);
            if (type.isRecord()) {
                Keywords.check(parameters, Json.exact(arguments));
            }
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException("the arguments do not fit: " + error.getOriginalMessage(), error);
        } catch (IllegalArgumentException error) {
            throw new IllegalArgumentException("the arguments do not fit: " + error.getMessage(), error);
        }
        if (given == null) {
            throw new IllegalArgumentException("the arguments are not an object: " + arguments);
        }
        return function.call(given);
    }

    /** What the model is told of a value: a text as it is, all else as JSON. Raises InvalidArgumentException. */
    static String content(Object value) {
        String content = value instanceof String text
                ? text
                : Json.text(value == null ? JsonNodeFactory.instance.nullNode() : Json.node(value));
        Json.terminated(content); // which no request could hold if it is not Unicode
        return content;
    }

    @Override
    public String toString() {
        return "Tool[" + name + "]";
    }
}
