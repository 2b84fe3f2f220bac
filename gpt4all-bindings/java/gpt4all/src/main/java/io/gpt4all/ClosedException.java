package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The model or task is already closed. */
public final class ClosedException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public ClosedException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.CLOSED, message, detail, cause);
    }

    /** With what the user is told. */
    public ClosedException(String message) {
        this(message, Map.of(), null);
    }
}
