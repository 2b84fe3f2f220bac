package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** Two threads waited at once for a stream or task that serves only one. */
public non-sealed class BusyException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public BusyException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.INVALID_ARGUMENT, message, detail, cause);
    }

    /** With what the user is told. */
    public BusyException(String message) {
        this(message, Map.of(), null);
    }
}
