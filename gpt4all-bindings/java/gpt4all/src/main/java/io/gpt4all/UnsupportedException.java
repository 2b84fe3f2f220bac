package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The request is well-formed, but this library or this model cannot do it. */
public final class UnsupportedException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public UnsupportedException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.UNSUPPORTED, message, detail, cause);
    }

    /** With what the user is told. */
    public UnsupportedException(String message) {
        this(message, Map.of(), null);
    }
}
