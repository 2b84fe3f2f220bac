package io.gpt4all.internal;

import java.lang.ref.Cleaner;

/** What is done for objects that are dropped without being closed. */
public final class Cleaners {
    private static final Cleaner CLEANER = Cleaner.create();

    private Cleaners() {}

    /** Runs `action`, which must not refer to `object`, once nothing refers to that any more. */
    public static void register(Object object, Runnable action) {
        CLEANER.register(object, action);
    }
}
