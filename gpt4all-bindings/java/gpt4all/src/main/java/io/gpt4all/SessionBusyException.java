package io.gpt4all;

/** A session was asked for an answer, or to change its history, while giving an answer. */
public final class SessionBusyException extends BusyException {
    private static final long serialVersionUID = 1L;

    /** With what the user is told. */
    public SessionBusyException(String message) {
        super(message);
    }
}
