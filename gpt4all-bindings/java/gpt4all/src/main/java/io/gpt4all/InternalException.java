package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** A defect in the library or in llama.cpp. Please report it. */
public final class InternalException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public InternalException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.INTERNAL, message, detail, cause);
    }

    /** With what the user is told. */
    public InternalException(String message) {
        this(message, Map.of(), null);
    }
}
