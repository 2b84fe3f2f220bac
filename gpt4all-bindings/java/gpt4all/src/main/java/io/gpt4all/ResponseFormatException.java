package io.gpt4all;

import io.gpt4all.types.Status;
import java.util.Map;

/**
 * The answer is not what the response format asked for: it was cut off, or does not fit the type, whose error is the
 * cause. detail(): "text", the answer; "finish_reason"; "invalid", for a request that is not strict: what is not valid.
 */
public final class ResponseFormatException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told, and the details. */
    public ResponseFormatException(String message, Map<String, ?> detail, Throwable cause) {
        super(Status.UNSUPPORTED, message, detail, cause);
    }

    /** With what the user is told. */
    public ResponseFormatException(String message) {
        this(message, Map.of(), null);
    }
}
