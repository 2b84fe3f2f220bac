package io.gpt4all.internal;

import io.gpt4all.types.LogLevel;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;

/** The library's messages. */
public final class Logs {
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final MethodHandle FORWARD;
    private static Arena current;
    private static volatile Receiver receiver;

    /** Who is told of messages, and of which. */
    private record Receiver(LogLevel level, BiConsumer<LogLevel, String> listener) {}

    static {
        try {
            MethodType type = MethodType.methodType(
                    void.class, BiConsumer.class, int.class, MemorySegment.class, MemorySegment.class);
            FORWARD = MethodHandles.lookup().findStatic(Logs.class, "forward", type);
        } catch (ReflectiveOperationException error) {
            throw new ExceptionInInitializerError(error);
        }
    }

    private Logs() {}

    /** Sends messages up to a level to `listener`; null: none. */
    public static void set(LogLevel level, BiConsumer<LogLevel, String> listener) {
        NativeLibrary library = NativeLibrary.load();
        LOCK.lock();
        try {
            Arena previous = current;
            boolean silent = listener == null || level == LogLevel.NONE;
            current = silent ? null : Arena.ofShared();
            MemorySegment function = silent
                    ? MemorySegment.NULL
                    : Linker.nativeLinker().upcallStub(FORWARD.bindTo(listener), Declarations.LLMODEL_LOG_FN, current);
            NativeLibrary.use(() -> {
                library.function("llmodel_set_log").invokeExact(function, MemorySegment.NULL, level.value());
                return null;
            });
            receiver = silent ? null : new Receiver(level, listener);
            if (previous != null) {
                previous.close(); // no call of it is in progress any more
            }
        } finally {
            LOCK.unlock();
        }
    }

    /** Silences the library when the program ends: what it calls would be gone. */
    static void stop() {
        set(LogLevel.NONE, null);
    }

    /** A warning of this package. */
    public static void warn(String message) {
        Receiver told = receiver;
        if (told != null && told.level().value() >= LogLevel.WARN.value()) {
            tell(told.listener(), LogLevel.WARN, message);
        }
    }

    @SuppressWarnings("unused") // called by C
    private static void forward(
            BiConsumer<LogLevel, String> listener, int level, MemorySegment message, MemorySegment user) {
        tell(listener, LogLevel.values()[level], NativeLibrary.text(message));
    }

    private static void tell(BiConsumer<LogLevel, String> listener, LogLevel level, String message) {
        try {
            listener.accept(level, message);
        } catch (Throwable error) {
            // An exception that reached C would end the program, and what was being done is worth more than a message.
            Thread.UncaughtExceptionHandler handler = Thread.currentThread().getUncaughtExceptionHandler();
            if (handler != null) {
                report(handler, error);
            }
        }
    }

    private static void report(Thread.UncaughtExceptionHandler handler, Throwable error) {
        try {
            handler.uncaughtException(Thread.currentThread(), error);
        } catch (Throwable ignored) {
            // see above
        }
    }
}
