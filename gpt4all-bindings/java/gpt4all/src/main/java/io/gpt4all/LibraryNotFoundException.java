package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** Libllmodel cannot be loaded. The message lists every place that was tried, and why it did not work. */
public final class LibraryNotFoundException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public LibraryNotFoundException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.NOT_FOUND, message, detail, cause);
    }

    /** With what the user is told. */
    public LibraryNotFoundException(String message) {
        this(message, Map.of(), null);
    }
}
