package io.gpt4all.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;

/**
 * A C callback that reports progress, and ends the work if the listener wants that or the thread is interrupted.
 *
 * <p>What the listener raises ends the work, too, and is raised by around(): an exception must not reach C.
 */
public final class ProgressCall {
    private static final MethodHandle FORWARD;

    static {
        try {
            MethodType type = MethodType.methodType(int.class, float.class, MemorySegment.class);
            FORWARD = MethodHandles.lookup().findVirtual(ProgressCall.class, "forward", type);
        } catch (ReflectiveOperationException error) {
            throw new ExceptionInInitializerError(error);
        }
    }

    private final DoublePredicate listener;
    private volatile boolean stopped;
    private Throwable raised;

    /** With what is asked whether to go on; null: always. */
    public ProgressCall(DoublePredicate listener) {
        this.listener = listener;
    }

    /** Does work with the callback. */
    public void around(Consumer<MemorySegment> work) {
        try (Arena arena = Arena.ofConfined()) {
            work.accept(
                    Linker.nativeLinker().upcallStub(FORWARD.bindTo(this), Declarations.LLMODEL_PROGRESS_FN, arena));
        } finally {
            if (raised instanceof Error error) {
                throw error;
            }
            if (raised instanceof RuntimeException error) {
                throw error;
            }
        }
    }

    /** Makes the work end. May be called from any thread. */
    public void stop() {
        stopped = true;
    }

    private int forward(float fraction, MemorySegment user) {
        try {
            boolean goOn = listener == null || listener.test(fraction);
            return goOn && !stopped && !Thread.currentThread().isInterrupted() ? 0 : 1;
        } catch (Throwable error) {
            raised = error;
            return 1;
        }
    }
}
