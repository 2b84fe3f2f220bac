package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** An option or request has an unknown key, a wrong type or a value out of range. */
public final class InvalidArgumentException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public InvalidArgumentException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.INVALID_ARGUMENT, message, detail, cause);
    }

    /** With what the user is told. */
    public InvalidArgumentException(String message) {
        this(message, Map.of(), null);
    }
}
