package io.gpt4all.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.ResponseFormatException;
import io.gpt4all.types.Invalid;
import java.util.LinkedHashMap;
import java.util.Map;

/** What an answer is read as; a `type` of null: it is text and not parsed. */
public record Format<T>(Class<T> type) {
    /** That of a request: any JSON if it asks for a form, otherwise text. */
    public static Format<Object> of(ObjectNode request) {
        JsonNode asked = request.path("response_format").path("type");
        boolean json = asked.isTextual() && !asked.asText().equals("text");
        return new Format<>(json ? Object.class : null);
    }

    /** Puts the form of a type into a request. Raises InvalidArgumentException for a type that has no schema. */
    public void describe(ObjectNode request) {
        Json.checkReadable(type);
        ObjectNode format = request.putObject("response_format").put("type", "json_schema");
        String name = type.getSimpleName().replaceAll("[^A-Za-z0-9_-]", "_");
        format.putObject("json_schema")
                .put("name", name.substring(0, Math.min(64, name.length())))
                .set("schema", Schemas.withLimits(type));
    }

    /** The object that an answer stands for. Raises ResponseFormatException. */
    public T parse(String text, String finishReason) {
        return parse(text, finishReason, null);
    }

    /**
     * The object that an answer stands for. `invalid` is what the library found wrong, which checks answers to requests
     * that are not strict. Raises ResponseFormatException.
     */
    public T parse(String text, String finishReason, Invalid invalid) {
        if (type == null) {
            return null;
        }
        try {
            if (invalid != null && invalid.toolCall() == null) {
                throw new IllegalArgumentException(
                        invalid.message() + " (\"" + invalid.keyword() + "\" at \"" + invalid.pointer() + "\")");
            }
            T value = Json.STRICT.readValue(text, type);
            if (type != Object.class) {
                Keywords.check(Schemas.of(type), Json.exact(text));
            }
            return value;
        } catch (JsonProcessingException | IllegalArgumentException error) {
            String why = finishReason.equals("length")
                    ? "the answer was cut short; allow more max_tokens, or a larger n_ctx"
                    : "the answer is not what the response format asks for: " + error.getMessage();
            Map<String, Object> detail = new LinkedHashMap<>();
            detail.put("text", text);
            detail.put("finish_reason", finishReason);
            if (invalid != null) {
                detail.put("invalid", invalid);
            }
            throw new ResponseFormatException(why, detail, error);
        }
    }
}
