package io.gpt4all;

import static io.gpt4all.TestModels.longAnswer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rules of java.util.concurrent.Flow. */
@Timeout(120)
class PublisherTest {
    private static Model model;

    @BeforeAll
    static void open() {
        model = TestModels.endless();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** Notes what is signalled, and whether two signals ever came at once. */
    private static class Noting implements Flow.Subscriber<String> {
        final List<Object> signals = new CopyOnWriteArrayList<>();
        final CountDownLatch ended = new CountDownLatch(1);
        final CountDownLatch first = new CountDownLatch(1);
        final AtomicInteger within = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        Flow.Subscription subscription;

        private void signal(Object what) {
            most.accumulateAndGet(within.incrementAndGet(), Math::max);
            signals.add(what);
            begun(what);
            within.decrementAndGet();
        }

        /** Is called within a signal. */
        void begun(Object what) {}

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            signal("subscribed");
        }

        @Override
        public void onNext(String piece) {
            signal(piece);
            first.countDown();
        }

        @Override
        public void onError(Throwable error) {
            signal(error);
            ended.countDown();
        }

        @Override
        public void onComplete() {
            signal("completed");
            ended.countDown();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    @Test
    void nobodyIsNoSubscriber() throws Exception {
        try (TextStream<ChatResult<Object>> stream = model.chatStream("Hi", options -> options.maxTokens(4))) {
            Flow.Publisher<String> publisher = stream.publisher();
            assertThrows(NullPointerException.class, () -> publisher.subscribe(null));
            Noting one = new Noting();
            publisher.subscribe(one);
            Noting other = new Noting();
            stream.publisher().subscribe(other);
            assertInstanceOf(BusyException.class, other.signals.get(1));
            one.subscription.request(Long.MAX_VALUE);
            one.subscription.request(Long.MAX_VALUE);
            assertTrue(one.ended.await(60, TimeUnit.SECONDS));
            assertEquals("completed", one.signals.getLast());
        }
    }

    @Test
    void nothingIsSignalledBesideAnotherSignal() throws Exception {
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        Noting noting = new Noting() {
            @Override
            void begun(Object what) {
                if (what.equals("subscribed")) {
                    subscription.request(3);
                }
                pause();
            }
        };
        stream.publisher().subscribe(noting);
        assertTrue(noting.first.await(60, TimeUnit.SECONDS));
        noting.subscription.request(-1);
        assertTrue(noting.ended.await(60, TimeUnit.SECONDS));
        assertEquals(1, noting.most.get());
        assertInstanceOf(IllegalArgumentException.class, noting.signals.getLast());
        assertThrows(ClosedException.class, stream::hasNext);
    }

    @Test
    void aRefusedDemandEndsItWhenNothingIsAskedFor() throws Exception {
        for (Consumer<Flow.Subscription> demand : List.<Consumer<Flow.Subscription>>of(
                subscription -> subscription.request(0), subscription -> subscription.request(Long.MIN_VALUE))) {
            Noting noting = new Noting();
            longAnswer(model).publisher().subscribe(noting);
            demand.accept(noting.subscription);
            assertTrue(noting.ended.await(60, TimeUnit.SECONDS));
            assertEquals(2, noting.signals.size(), noting.signals::toString);
            assertInstanceOf(IllegalArgumentException.class, noting.signals.getLast());
            noting.subscription.request(1);
            noting.subscription.cancel();
        }
    }

    @Test
    void aSubscriberMayEndItAsItSubscribes() throws Exception {
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        Noting noting = new Noting() {
            @Override
            void begun(Object what) {
                subscription.request(5);
                subscription.cancel();
            }
        };
        stream.publisher().subscribe(noting);
        assertThrows(ClosedException.class, stream::hasNext);
        assertEquals(List.of("subscribed"), noting.signals);
        TextStream<ChatResult<Object>> other = longAnswer(model);
        Noting failing = new Noting() {
            @Override
            void begun(Object what) {
                throw new ArithmeticException("while subscribing");
            }
        };
        assertThrows(ArithmeticException.class, () -> other.publisher().subscribe(failing));
        assertThrows(ClosedException.class, other::hasNext);
        assertFalse(model.chat("Hi", options -> options.maxTokens(2)).text().isEmpty());
    }
}
