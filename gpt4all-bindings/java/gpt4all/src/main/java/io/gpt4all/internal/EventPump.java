package io.gpt4all.internal;

import io.gpt4all.InternalException;
import io.gpt4all.types.EventKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads the events of a task for a virtual thread, which would hold on to its carrier if it waited in C.
 *
 * <p>One of the Waiters stays with the task and reads ahead, so that an event costs one change of threads, not two: asking
 * another thread for each would take processor time from those that compute. It leaves when nobody has taken a batch of
 * events, or when others need it.
 */
final class EventPump {
    /** What reads events. */
    interface Source {
        /** Adds what there is, and waits for the first if there is nothing. Raises LLModelException. */
        void read(List<RawEvent> events, int milliseconds);
    }

    /** In nanoseconds; a limit that nobody will live to see. */
    private static final long LONG_WAIT = TimeUnit.DAYS.toNanos(1000);

    private final Source source;
    private final Runnable cancel;
    private final int pollMilliseconds;
    private final int batch;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private List<RawEvent> events = new ArrayList<>();
    private Throwable failure;
    private boolean running;
    private Runnable afterwards;

    /**
     * @param cancel ends the request, if the thread that waits is interrupted
     * @param pollMilliseconds how long one wait in C may last
     * @param batch how many events may lie here before it stops reading
     */
    EventPump(Source source, Runnable cancel, int pollMilliseconds, int batch) {
        this.source = source;
        this.cancel = cancel;
        this.pollMilliseconds = pollMilliseconds;
        this.batch = batch;
    }

    /** Whether something lies here or is being read, so that nobody else may read. */
    boolean used() {
        lock.lock();
        try {
            return running || !events.isEmpty() || failure != null;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for events; nothing if none came in time. To be called from one thread at a time. */
    List<RawEvent> fetch(Duration timeout) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.max(0, NativeTask.milliseconds(timeout)));
        while (true) {
            List<RawEvent> taken = take(end);
            if (taken != null) {
                return taken;
            }
            begin();
        }
    }

    private void begin() {
        boolean begun = false;
        try {
            Waiters.start(this::run);
            begun = true;
        } finally {
            if (!begun) {
                deliver(List.of(), new InternalException("no thread can be started that reads events"));
            }
        }
    }

    /** Does something once nothing is being read: at once, or as soon as the reading ends. */
    void whenIdle(Runnable work) {
        lock.lock();
        try {
            if (running) {
                afterwards = work;
                return;
            }
        } finally {
            lock.unlock();
        }
        work.run();
    }

    /** What lies here or comes until a moment; null if reading has to be begun for that, which is then taken as begun. */
    private List<RawEvent> take(long end) {
        boolean interrupted = false;
        lock.lock();
        try {
            while (true) {
                long left = end - System.nanoTime();
                if (!events.isEmpty() || (running && failure == null && left <= 0)) {
                    List<RawEvent> taken = events;
                    events = new ArrayList<>();
                    return taken;
                }
                if (failure != null) {
                    throw raised();
                }
                if (!running) {
                    running = true;
                    return null;
                }
                try {
                    await(left);
                } catch (InterruptedException error) {
                    interrupted = true; // the request ends soon, and with it the wait
                    cancel.run();
                }
            }
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // Waits of virtual threads that have a limit start and stop a timer, which costs as much as the wait itself.
    private void await(long nanoseconds) throws InterruptedException {
        if (nanoseconds < LONG_WAIT) {
            changed.awaitNanos(nanoseconds);
        } else {
            changed.await();
        }
    }

    private RuntimeException raised() {
        Throwable raised = failure;
        failure = null;
        if (raised instanceof Error error) {
            throw error;
        }
        return (RuntimeException) raised;
    }

    private void run() {
        boolean more = true;
        while (more) {
            List<RawEvent> read = new ArrayList<>();
            Throwable failed = null;
            try {
                source.read(read, pollMilliseconds);
            } catch (RuntimeException | Error raised) {
                failed = raised;
            }
            more = deliver(read, failed);
        }
    }

    private boolean deliver(List<RawEvent> read, Throwable failed) {
        boolean goesOn;
        Runnable work;
        lock.lock();
        try {
            events.addAll(read);
            failure = failed;
            boolean last = failed != null || (!read.isEmpty() && read.getLast().kind() == EventKind.DONE.value());
            running = !last && events.size() < batch && !Waiters.wanted();
            changed.signalAll();
            goesOn = running;
            work = running ? null : afterwards;
        } finally {
            lock.unlock();
        }
        if (work != null) {
            work.run();
        }
        return goesOn;
    }
}
