package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** Reading or writing failed: permissions, a full disk, a vanished file. */
public final class LLModelIOException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public LLModelIOException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.IO, message, detail, cause);
    }

    /** With what the user is told. */
    public LLModelIOException(String message) {
        this(message, Map.of(), null);
    }
}
