package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The prompt is longer than the context. */
public final class ContextOverflowException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public ContextOverflowException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.CONTEXT_OVERFLOW, message, detail, cause);
    }

    /** With what the user is told. */
    public ContextOverflowException(String message) {
        this(message, Map.of(), null);
    }
}
