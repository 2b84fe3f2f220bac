package io.gpt4all;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A stream's text for a subscriber. A virtual thread reads while there is demand. */
final class TextPublisher implements Flow.Publisher<String> {
    private final TextStream<?> stream;
    private final AtomicBoolean taken = new AtomicBoolean();

    TextPublisher(TextStream<?> stream) {
        this.stream = stream;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super String> subscriber) {
        if (taken.compareAndSet(false, true)) {
            subscriber.onSubscribe(new Reader(subscriber));
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
        private final AtomicLong demand = new AtomicLong();
        private final AtomicBoolean ended = new AtomicBoolean();

        Reader(Flow.Subscriber<? super String> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long count) {
            if (count <= 0) {
                fail(new IllegalArgumentException("the number of pieces asked for must be positive, not " + count));
                return;
            }
            long before = demand.getAndUpdate(now -> now + count < 0 ? Long.MAX_VALUE : now + count);
            if (before == 0 && !ended.get()) {
                Thread.ofVirtual().name("gpt4all-publisher").start(this::read);
            }
        }

        // Runs on one thread at a time: the demand falls to zero only here, at the end.
        private void read() {
            try {
                do {
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
                fail(error);
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
