package io.gpt4all;

import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A stream's text for a subscriber. A virtual thread reads while there is demand, and alone makes every signal. */
final class TextPublisher implements Flow.Publisher<String> {
    private final TextStream<?> stream;
    private final AtomicBoolean taken;

    /** `taken`: whether the stream has a subscriber. */
    TextPublisher(TextStream<?> stream, AtomicBoolean taken) {
        this.stream = stream;
        this.taken = taken;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super String> subscriber) {
        Objects.requireNonNull(subscriber, "subscriber");
        if (taken.compareAndSet(false, true)) {
            new Reader(subscriber).begin();
            return;
        }
        subscriber.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long count) {}

            @Override
            public void cancel() {}
        });
        subscriber.onError(new BusyException("an answer is read by one subscriber; make the request again"));
    }

    private final class Reader implements Flow.Subscription {
        private final Flow.Subscriber<? super String> subscriber;
        // One until onSubscribe() has returned: nothing is signalled beside it.
        private final AtomicLong demand = new AtomicLong(1);
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile RuntimeException refused;

        Reader(Flow.Subscriber<? super String> subscriber) {
            this.subscriber = subscriber;
        }

        void begin() {
            try {
                subscriber.onSubscribe(this);
            } catch (Throwable error) {
                cancel();
                throw error;
            }
            if (demand.decrementAndGet() > 0) {
                start();
            }
        }

        @Override
        public void request(long count) {
            if (ended.get()) {
                return;
            }
            if (count <= 0) {
                refused = new IllegalArgumentException("the number of pieces asked for must be positive, not " + count);
                stream.cancel(); // whoever waits for a piece wakes, and tells the subscriber
            }
            long more = Math.max(count, 1);
            if (demand.getAndUpdate(now -> now + more < 0 ? Long.MAX_VALUE : now + more) == 0) {
                start();
            }
        }

        private void start() {
            if (!ended.get()) {
                Thread.ofVirtual().name("gpt4all-publisher").start(this::read);
            }
        }

        // Runs on one thread at a time: the demand falls to zero only here, at the end.
        private void read() {
            try {
                do {
                    if (refused != null) {
                        fail(refused);
                        return;
                    }
                    if (!stream.hasNext()) {
                        if (ended.compareAndSet(false, true)) {
                            subscriber.onComplete();
                        }
                        return;
                    }
                    String piece = stream.next();
                    if (ended.get()) {
                        return;
                    }
                    subscriber.onNext(piece);
                } while (demand.decrementAndGet() > 0);
            } catch (Throwable error) {
                fail(refused == null ? error : refused);
            }
        }

        private void fail(Throwable error) {
            if (ended.compareAndSet(false, true)) {
                stream.close();
                subscriber.onError(error);
            }
        }

        @Override
        public void cancel() {
            if (ended.compareAndSet(false, true)) {
                stream.close();
            }
        }
    }
}
