package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/** The grammar or JSON Schema cannot be parsed or turned into a grammar. */
public final class GrammarException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public GrammarException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.GRAMMAR_ERROR, message, detail, cause);
    }

    /** With what the user is told. */
    public GrammarException(String message) {
        this(message, Map.of(), null);
    }
}
