package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The request was cancelled, or its model was closed while it ran. */
public final class CancelledException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public CancelledException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.CANCELLED, message, detail, cause);
    }

    /** With what the user is told. */
    public CancelledException(String message) {
        this(message, Map.of(), null);
    }
}
