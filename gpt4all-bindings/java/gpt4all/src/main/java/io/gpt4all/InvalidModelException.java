package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The file is truncated, corrupt or not of a known format. */
public final class InvalidModelException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public InvalidModelException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.INVALID_MODEL, message, detail, cause);
    }

    /** With what the user is told. */
    public InvalidModelException(String message) {
        this(message, Map.of(), null);
    }
}
