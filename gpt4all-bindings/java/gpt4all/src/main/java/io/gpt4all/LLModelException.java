package io.gpt4all;

import io.gpt4all.models.DownloadException;
import io.gpt4all.types.Status;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Every failure. getMessage() says what happened, with which file or value, and what to do. */
public abstract sealed class LLModelException extends RuntimeException
        permits InvalidArgumentException,
                ModelNotFoundException,
                LLModelIOException,
                InvalidModelException,
                UnsupportedException,
                OutOfMemoryException,
                ContextOverflowException,
                TemplateException,
                GrammarException,
                CancelledException,
                ClosedException,
                InternalException,
                LibraryNotFoundException,
                ResponseFormatException,
                ToolRoundsException,
                BusyException,
                DownloadException {
    private static final long serialVersionUID = 1L;

    private final Status status;
    private final transient Map<String, Object> detail;

    /** For the subclasses of this module. */
    protected LLModelException(Status status, String message, Map<String, ?> detail, Throwable cause) {
        super(message, cause);
        this.status = status;
        this.detail = Collections.unmodifiableMap(new LinkedHashMap<>(detail));
    }

    /** The kind of failure, the same in every language. */
    public final Status status() {
        return status;
    }

    /** Details, such as {"path": "/temperature"}; may be empty. */
    public final Map<String, Object> detail() {
        return detail == null ? Map.of() : detail;
    }

    /** The exception that stands for a failing status of the C API. */
    public static LLModelException of(Status status, String message, Map<String, ?> detail) {
        return switch (status) {
            case INVALID_ARGUMENT -> new InvalidArgumentException(message, detail, null);
            case NOT_FOUND -> new ModelNotFoundException(message, detail, null);
            case IO -> new LLModelIOException(message, detail, null);
            case INVALID_MODEL -> new InvalidModelException(message, detail, null);
            case UNSUPPORTED -> new UnsupportedException(message, detail, null);
            case OUT_OF_MEMORY -> new OutOfMemoryException(message, detail, null);
            case CONTEXT_OVERFLOW -> new ContextOverflowException(message, detail, null);
            case TEMPLATE_ERROR -> new TemplateException(message, detail, null);
            case GRAMMAR_ERROR -> new GrammarException(message, detail, null);
            case CANCELLED -> new CancelledException(message, detail, null);
            case CLOSED -> new ClosedException(message, detail, null);
            case OK, TIMEOUT, INTERNAL -> new InternalException(message, detail, null);
        };
    }
}
