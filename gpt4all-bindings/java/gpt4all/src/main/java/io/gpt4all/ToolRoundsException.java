package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/**
 * A run with tools reached its last round, and the model was still asking for calls. detail(): "messages", the
 * conversation so far; "rounds".
 */
public final class ToolRoundsException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public ToolRoundsException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.UNSUPPORTED, message, detail, cause);
    }

    /** With what the user is told. */
    public ToolRoundsException(String message) {
        this(message, Map.of(), null);
    }
}
