package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The named file, adapter or slot does not exist. */
public final class ModelNotFoundException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public ModelNotFoundException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.NOT_FOUND, message, detail, cause);
    }

    /** With what the user is told. */
    public ModelNotFoundException(String message) {
        this(message, Map.of(), null);
    }
}
