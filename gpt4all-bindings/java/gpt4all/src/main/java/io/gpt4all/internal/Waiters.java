package io.gpt4all.internal;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/**
 * Threads that wait in C in place of virtual threads, which would otherwise hold on to their carriers.
 *
 * <p>They are daemons and end when they have had nothing to do for a while. Platform threads wait themselves.
 */
public final class Waiters {
    /** Twice as many as a model has slots at most; further waits queue, as they would for a slot. */
    private static final int LIMIT = 128;

    private static final Semaphore FREE = new Semaphore(LIMIT, true);
    private static final ExecutorService POOL = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "gpt4all-waiter");
        thread.setDaemon(true);
        return thread;
    });

    private Waiters() {}

    /** Does work that may take long in C. */
    public static <T> T call(Callable<T> work) {
        return call(work, () -> {});
    }

    /** As call(). `interrupted` is run if the virtual thread is interrupted meanwhile, and is to make the work end. */
    public static <T> T call(Callable<T> work, Runnable interrupted) {
        if (!Thread.currentThread().isVirtual()) {
            return direct(work);
        }
        FREE.acquireUninterruptibly();
        try {
            return joined(POOL.submit(work), interrupted);
        } finally {
            FREE.release();
        }
    }

    /** Does work, which may take long in C, without waiting for its end. It is to end when it is wanted(). */
    static void start(Runnable work) {
        FREE.acquireUninterruptibly();
        boolean started = false;
        try {
            POOL.execute(() -> {
                try {
                    work.run();
                } finally {
                    FREE.release();
                }
            });
            started = true;
        } finally {
            if (!started) {
                FREE.release();
            }
        }
    }

    /** Whether a virtual thread waits for what another one has: a wait that may last is then to be left and begun again. */
    static boolean wanted() {
        return FREE.hasQueuedThreads();
    }

    /** Does work that ends waits of others, and so must not queue behind them. */
    public static void end(Runnable work) {
        if (Thread.currentThread().isVirtual()) {
            joined(POOL.submit(work, null), () -> {});
        } else {
            work.run();
        }
    }

    private static <T> T direct(Callable<T> work) {
        try {
            return work.call();
        } catch (RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    // Until the work is over, its memory is in use: an interruption only makes it end sooner.
    private static <T> T joined(Future<T> future, Runnable onInterruption) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException error) {
                    interrupted = true;
                    onInterruption.run();
                } catch (CancellationException error) {
                    throw new IllegalStateException(error);
                } catch (ExecutionException error) {
                    throw rethrown(error.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException rethrown(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException error ? error : new IllegalStateException(cause);
    }
}
