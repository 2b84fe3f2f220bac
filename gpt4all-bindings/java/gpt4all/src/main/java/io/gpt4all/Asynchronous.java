package io.gpt4all;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Work on virtual threads, as CompletableFuture. */
final class Asynchronous {
    private Asynchronous() {}

    /** Begins work, whose thread is interrupted if the future is cancelled or completed by someone else. */
    static <T> CompletableFuture<T> start(Supplier<T> work) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Thread thread = Thread.ofVirtual().name("gpt4all").unstarted(() -> run(work, future));
        future.whenComplete((value, error) -> thread.interrupt());
        thread.start();
        return future;
    }

    /** Begins work. `cancel` ends it early, and is called if the future is cancelled or completed by someone else. */
    static <T> CompletableFuture<T> start(Supplier<T> work, Runnable cancel) {
        CompletableFuture<T> future = new CompletableFuture<>();
        future.whenComplete((value, error) -> cancel.run());
        Thread.ofVirtual().name("gpt4all").start(() -> run(work, future));
        return future;
    }

    private static <T> void run(Supplier<T> work, CompletableFuture<T> future) {
        try {
            future.complete(work.get());
        } catch (Throwable error) {
            future.completeExceptionally(error);
        }
    }
}
