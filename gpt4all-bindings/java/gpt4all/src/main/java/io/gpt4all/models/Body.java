package io.gpt4all.models;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A body that is read with a time limit. What came before a failure is given before it, which the JDK's own stream does
 * not do.
 */
final class Body implements HttpResponse.BodySubscriber<Body> {
    private static final Object END = new Object();

    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();
    private Flow.Subscription subscription;
    private volatile boolean closed;

    /** What broke the body off. */
    record Failure(Throwable cause) {}

    @Override
    public CompletionStage<Body> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        if (closed) {
            subscription.cancel();
        } else {
            subscription.request(1);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> blocks) {
        arrived.add(blocks);
    }

    @Override
    public void onError(Throwable error) {
        arrived.add(new Failure(error));
    }

    @Override
    public void onComplete() {
        arrived.add(END);
    }

    /**
     * The next blocks; empty after the last; null if nothing came in time. Raises Throwable's cause wrapped as the
     * client gives it.
     */
    @SuppressWarnings("unchecked") // what onNext() added
    List<ByteBuffer> next(Duration time) throws Throwable {
        Object item = arrived.poll(time.toMillis(), TimeUnit.MILLISECONDS);
        if (item == null) {
            return null;
        }
        if (item instanceof Failure failure) {
            throw failure.cause();
        }
        if (item == END) {
            return List.of();
        }
        subscription.request(1);
        return (List<ByteBuffer>) item;
    }

    void close() {
        closed = true;
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
