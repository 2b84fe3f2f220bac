package io.gpt4all.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gpt4all.BusyException;
import io.gpt4all.ClosedException;
import io.gpt4all.InternalException;
import io.gpt4all.types.EventKind;
import io.gpt4all.types.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;

/** An `llmodel_task *`. Whoever reads events is between enter() and leave(); cancel() and close() may come any time. */
public final class NativeTask {
    private static final long KIND = offset("kind");
    private static final long INDEX = offset("index");
    private static final long DATA = offset("data");
    private static final long SIZE = offset("size");

    /** How long one wait in C may last, in milliseconds: an interruption is only seen between waits. */
    private static final int POLL_MS = 100;

    /** Most events that are fetched at a time. */
    private static final int BATCH = 64;

    private final NativeLibrary library;
    private final MemorySegment handle;
    private final MemorySegment event;
    private final MemorySegment error;
    // Whoever has it may call llmodel_next(), or frees the task and then keeps it for ever.
    private final Semaphore turn = new Semaphore(1);
    private final EventPump pump = new EventPump(this::drained, this::cancel, POLL_MS, BATCH);
    private volatile boolean closing;

    /** Submits a request. Raises LLModelException. */
    public NativeTask(NativeLibrary library, MemorySegment model, String operation, byte[] request) {
        this.library = library;
        Arena memory = Arena.ofAuto();
        event = memory.allocate(Declarations.LLMODEL_EVENT);
        error = memory.allocate(ADDRESS);
        MemorySegment[] made = new MemorySegment[1];
        library.call((arena, failure) -> {
            MemorySegment cell = arena.allocate(ADDRESS);
            MemorySegment name = NativeLibrary.terminated(arena, operation);
            MemorySegment json = NativeLibrary.bytes(arena, request);
            int status = (int) library.function("llmodel_submit").invokeExact(model, name, json, cell, failure);
            made[0] = cell.get(ADDRESS, 0);
            return status;
        });
        handle = made[0];
    }

    private static long offset(String member) {
        return Declarations.LLMODEL_EVENT.byteOffset(PathElement.groupElement(member));
    }

    /** Raises BusyException if another thread has entered, and ClosedException once the task is closed. */
    public void enter() {
        if (!turn.tryAcquire()) {
            throw closing
                    ? new ClosedException("the task was closed")
                    : new BusyException("two threads are waiting for one task; give each thread its own task");
        }
    }

    /** Lets others enter. */
    public void leave() {
        turn.release();
        if (closing) {
            freeIfIdle();
        }
    }

    /** Waits for an event, and takes with it what else is there; nothing if none came in time. */
    public List<RawEvent> fetch(Duration timeout) {
        List<RawEvent> events = new ArrayList<>();
        if (Thread.currentThread().isInterrupted()) {
            cancel();
        }
        if (pump.used()) {
            return pump.fetch(timeout);
        }
        if (!Thread.currentThread().isVirtual()) {
            waited(events, timeout);
        } else if (!drained(events, 0) && !timeout.isZero()) { // what has come already costs no change of threads
            return pump.fetch(timeout);
        }
        return events;
    }

    private void waited(List<RawEvent> events, Duration timeout) {
        long start = System.nanoTime();
        while (true) {
            long left = milliseconds(timeout) - (System.nanoTime() - start) / 1_000_000;
            if (drained(events, Math.clamp(left, 0, POLL_MS)) || left <= POLL_MS) {
                return;
            }
            if (Thread.currentThread().isInterrupted()) {
                cancel();
            }
        }
    }

    /** The most that a long holds for what is more. */
    static long milliseconds(Duration time) {
        try {
            return time.toMillis();
        } catch (ArithmeticException error) { // more than a long holds
            return time.isNegative() ? 0 : Long.MAX_VALUE;
        }
    }

    /** Whether events came: the first within the time, others without waiting. */
    private boolean drained(List<RawEvent> events, int wait) {
        int milliseconds = wait;
        while (events.size() < BATCH) {
            int status = next(milliseconds);
            if (status == Status.OK.value()) {
                events.add(read());
                if (events.getLast().kind() == EventKind.DONE.value()) {
                    return true;
                }
                milliseconds = 0;
            } else if (status == Status.TIMEOUT.value()) {
                return !events.isEmpty();
            } else if (events.isEmpty()) {
                throw library.failure(status, error);
            } else {
                library.failure(status, error); // comes again at the next call, after the events before it
                return true;
            }
        }
        return true;
    }

    private int next(int milliseconds) {
        try {
            return (int) library.next.invokeExact(handle, milliseconds, event, error);
        } catch (Throwable thrown) {
            throw new IllegalStateException(thrown);
        }
    }

    private RawEvent read() {
        int kind = event.get(JAVA_INT, KIND);
        int index = event.get(JAVA_INT, INDEX);
        long size = event.get(JAVA_LONG, SIZE);
        MemorySegment data = event.get(ADDRESS, DATA).reinterpret(size);
        if (kind == EventKind.EMBEDDING.value() || kind == EventKind.LOGPROBS.value()) {
            return new RawEvent(kind, index, "", data.toArray(JAVA_FLOAT_UNALIGNED));
        }
        return new RawEvent(kind, index, size == 0 ? "" : decoded(data.toArray(JAVA_BYTE)), null);
    }

    /** Text of the library. Only what has the replacement character can have been something else. */
    private static String decoded(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0 && !Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8))) {
            throw new InternalException("the library gave a text that is not UTF-8");
        }
        return text;
    }

    /** Stops the request. Safe at any time. */
    public void cancel() {
        library.release("llmodel_cancel", handle);
    }

    /** Cancels and releases the request. Safe at any time, and more than once. */
    public void close() {
        closing = true;
        cancel();
        freeIfIdle();
    }

    // Whoever has entered wakes with the cancelling, and frees in our place when leaving; so does the pump.
    private void freeIfIdle() {
        if (turn.tryAcquire()) {
            pump.whenIdle(() -> library.release("llmodel_task_free", handle));
        }
    }
}
