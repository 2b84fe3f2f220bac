package io.gpt4all.models;

import io.gpt4all.LLModelException;
import io.gpt4all.types.Status;
import java.util.Map;

/**
 * A model could not be found or fetched. What was downloaded is kept in a .part file, and the next attempt resumes from
 * there. detail() may hold "url" (without its secrets), "path", "http_status", "tried" (one line for each source).
 */
public final class DownloadException extends LLModelException {
    private static final long serialVersionUID = 1L;

    /** What went wrong. */
    public enum Kind {
        /** The server answered with an error status, which is in detail() as "http_status". */
        HTTP_STATUS(Status.IO),
        /** No connection at all: no network, an unknown host, nothing listening, or an invalid certificate. */
        UNREACHABLE(Status.IO),
        /** The connection kept breaking without any progress. */
        CONNECTION_FAILED(Status.IO),
        /** The server kept the connection open but sent nothing, or next to nothing, for too long. */
        STALLED(Status.IO),
        /** Redirects that never end, lead nowhere, or lead to an address that may not be used. */
        REDIRECT(Status.IO),
        /** The server's answer contradicts itself or the request. */
        PROTOCOL(Status.IO),
        /** The downloaded file has the wrong size or hash, and was deleted. */
        CHECKSUM(Status.IO),
        /** There is not enough disk space for the file. */
        DISK_FULL(Status.IO),
        /** The models folder is not writable. */
        FOLDER(Status.IO),
        /** The model is not on this machine, and downloads are turned off. */
        OFFLINE(Status.NOT_FOUND),
        /** Plain HTTP to another machine, or an address that is not HTTP at all. */
        INSECURE_URL(Status.INVALID_ARGUMENT),
        /** A file name or address that could lead outside the models folder. */
        INVALID_NAME(Status.INVALID_ARGUMENT);

        private final Status status;

        Kind(Status status) {
            this.status = status;
        }

        /** The status of such an exception. */
        public Status status() {
            return status;
        }
    }

    private final Kind kind;

    /** With what the user is told, and the details. */
    public DownloadException(Kind kind, String message, Map<String, ?> detail, Throwable cause) {
        super(kind.status(), message, detail, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
