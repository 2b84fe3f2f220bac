package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** It does not fit into memory, or into the given budget. */
public final class OutOfMemoryException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public OutOfMemoryException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.OUT_OF_MEMORY, message, detail, cause);
    }

    /** With what the user is told. */
    public OutOfMemoryException(String message) {
        this(message, Map.of(), null);
    }
}
