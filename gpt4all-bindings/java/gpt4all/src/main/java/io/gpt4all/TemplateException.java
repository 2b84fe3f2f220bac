package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The chat template cannot be parsed or rendered, or runs without end. */
public final class TemplateException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public TemplateException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.TEMPLATE_ERROR, message, detail, cause);
    }

    /** With what the user is told. */
    public TemplateException(String message) {
        this(message, Map.of(), null);
    }
}
