package io.gpt4all;

import static io.gpt4all.TestModels.longAnswer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.types.ChatRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that are being written: iterators, streams, publishers, futures. */
@Timeout(120)
class StreamTest {
    private static Model model;

    @BeforeAll
    static void open() {
        model = TestModels.endless();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void aLoopCanBeLeftAndResumed() {
        try (var stream =
                model.chatStream("Hi", options -> options.maxTokens(20).temperature(0))) {
            String whole = model.chat("Hi", options -> options.maxTokens(20).temperature(0))
                    .text();
            StringBuilder text = new StringBuilder();
            for (String piece : stream) {
                text.append(piece);
                break;
            }
            assertEquals(text.toString(), stream.text());
            for (String piece : stream) {
                text.append(piece);
            }
            assertEquals(whole, text.toString());
            assertEquals(whole, stream.result().text());
            assertFalse(stream.hasNext());
        }
    }

    @Test
    void closingCancels() {
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        stream.next();
        stream.close();
        stream.close();
        assertThrows(ClosedException.class, stream::hasNext);
        assertThrows(CancelledException.class, stream::result);
    }

    @Test
    void cancellingEndsTheLoop() {
        try (TextStream<ChatResult<Object>> stream = longAnswer(model)) {
            stream.next();
            stream.cancel();
            assertThrows(CancelledException.class, () -> stream.forEachRemaining(piece -> {}));
            assertThrows(CancelledException.class, stream::result);
        }
    }

    /** What a virtual thread begins to read is read ahead, which ends where nobody takes it, and where it is closed. */
    @Test
    void whatIsReadAheadIsNotLost() throws InterruptedException {
        ChatRequest request = ChatRequest.builder()
                .messages(List.of(Messages.user("Hi")))
                .maxTokens(400)
                .temperature(0)
                .ignoreEos(true)
                .build();
        String whole = model.chat(request).text();
        StringBuffer text = new StringBuffer();
        try (TextStream<?> stream = model.chatStream(request)) {
            for (int number = 0; number < 3; number++) {
                Thread.ofVirtual().start(() -> text.append(stream.next())).join();
                Thread.sleep(50);
            }
            stream.forEachRemaining(text::append);
        }
        assertEquals(whole, text.toString());
        for (int round = 0; round < 30; round++) {
            TextStream<?> stream = longAnswer(model);
            Thread.ofVirtual().start(stream::next).join();
            stream.close();
            assertThrows(ClosedException.class, stream::hasNext);
        }
        assertEquals(whole, model.chat(request).text());
    }

    @Test
    void anExceptionInTheLoopLeavesTheModelWhole() {
        assertThrows(ArithmeticException.class, () -> {
            try (TextStream<ChatResult<Object>> stream = longAnswer(model)) {
                for (String piece : stream) {
                    throw new ArithmeticException(piece);
                }
            }
        });
        assertFalse(model.chat("Hi", options -> options.maxTokens(2)).text().isEmpty());
    }

    @Test
    void anInterruptedThreadStopsWaiting() throws InterruptedException {
        for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            Thread thread = builder.start(() -> {
                try (TextStream<ChatResult<Object>> stream = longAnswer(model)) {
                    stream.next();
                    begun.countDown();
                    stream.result();
                    ended.complete(null);
                } catch (Throwable error) {
                    ended.complete(Thread.currentThread().isInterrupted() ? error : new AssertionError(error));
                }
            });
            begun.await();
            thread.interrupt();
            assertInstanceOf(CancelledException.class, ended.join());
            thread.join();
        }
    }

    @Test
    void oneThreadAtATimeIterates() throws InterruptedException {
        try (Task task = model.submit(
                "chat",
                ChatRequest.builder().messages(List.of(Messages.user("Hi"))).maxTokens(3000).ignoreEos(true).stream(
                                false)
                        .build())) {
            while (!(task.next() instanceof Event.Started)) {
                // it runs
            }
            Queue<LLModelException> raised = new ConcurrentLinkedQueue<>();
            Thread waiting = Thread.ofPlatform().start(() -> {
                try {
                    task.result();
                } catch (LLModelException error) {
                    raised.add(error);
                }
            });
            while (raised.stream().noneMatch(BusyException.class::isInstance) && waiting.isAlive()) {
                try {
                    task.next(Duration.ZERO);
                } catch (LLModelException error) {
                    raised.add(error);
                }
            }
            assertTrue(raised.stream().anyMatch(BusyException.class::isInstance), raised::toString);
            task.close();
            waiting.join();
        }
    }

    @Test
    void aPublisherGivesWhatIsAskedFor() throws Exception {
        String whole = model.chat("Hi", options -> options.maxTokens(20).temperature(0))
                .text();
        CompletableFuture<String> text = new CompletableFuture<>();
        model.chatStream("Hi", options -> options.maxTokens(20).temperature(0))
                .publisher()
                .subscribe(new Flow.Subscriber<>() {
                    private final StringBuilder pieces = new StringBuilder();
                    private Flow.Subscription subscription;

                    @Override
                    public void onSubscribe(Flow.Subscription given) {
                        subscription = given;
                        subscription.request(1);
                    }

                    @Override
                    public void onNext(String piece) {
                        pieces.append(piece);
                        subscription.request(2);
                    }

                    @Override
                    public void onError(Throwable error) {
                        text.completeExceptionally(error);
                    }

                    @Override
                    public void onComplete() {
                        text.complete(pieces.toString());
                    }
                });
        assertEquals(whole, text.get(60, TimeUnit.SECONDS));
    }

    @Test
    void aSubscriberMayCancelOrAskForNothing() throws Exception {
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        CountDownLatch first = new CountDownLatch(1);
        List<Throwable> errors = new ArrayList<>();
        Flow.Subscriber<String> subscriber = new Flow.Subscriber<>() {
            private Flow.Subscription subscription;

            @Override
            public void onSubscribe(Flow.Subscription given) {
                subscription = given;
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(String piece) {
                subscription.cancel();
                subscription.request(0); // after the end: nothing
                first.countDown();
            }

            @Override
            public void onError(Throwable error) {
                errors.add(error);
            }

            @Override
            public void onComplete() {
                errors.add(new AssertionError("it did not end by itself"));
            }
        };
        Flow.Publisher<String> publisher = stream.publisher();
        publisher.subscribe(subscriber);
        assertTrue(first.await(60, TimeUnit.SECONDS));
        assertThrows(ClosedException.class, stream::hasNext);
        publisher.subscribe(subscriber);
        assertEquals(1, errors.size());
        assertInstanceOf(BusyException.class, errors.getFirst());
    }

    @Test
    void aSubscribersExceptionEndsTheAnswer() throws Exception {
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        CompletableFuture<Throwable> raised = new CompletableFuture<>();
        stream.publisher().subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(String piece) {
                throw new IllegalStateException("by the subscriber");
            }

            @Override
            public void onError(Throwable error) {
                raised.complete(error);
            }

            @Override
            public void onComplete() {
                raised.complete(null);
            }
        });
        assertEquals("by the subscriber", raised.get(60, TimeUnit.SECONDS).getMessage());
        assertThrows(ClosedException.class, stream::hasNext);
        assertFalse(model.chat("Hi", options -> options.maxTokens(2)).text().isEmpty());
    }

    @Test
    void futuresGiveTheAnswerAndCancel() throws Exception {
        CompletableFuture<ChatResult<Object>> one = model.chatAsync("Hi");
        assertNotNull(one.get(60, TimeUnit.SECONDS));
        CompletableFuture<ChatResult<Object>> other = model.chatAsync(ChatRequest.builder()
                .messages(List.of(Messages.user("Tell")))
                .maxTokens(3500)
                .ignoreEos(true)
                .build());
        other.cancel(true);
        assertThrows(CancellationException.class, other::join);
        assertEquals(model.tokenize("a"), model.async(() -> model.tokenize("a")).get(60, TimeUnit.SECONDS));
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        CompletableFuture<ChatResult<Object>> result = stream.resultAsync();
        stream.cancel();
        ExecutionException error = assertThrows(ExecutionException.class, () -> result.get(60, TimeUnit.SECONDS));
        assertInstanceOf(CancelledException.class, error.getCause());
    }

    @Test
    void anyTimeCanBeWaitedFor() throws InterruptedException {
        for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            CompletableFuture<Event> first = new CompletableFuture<>();
            Thread thread = builder.start(() -> {
                try (Task task = model.submit("tokenize", Map.of("content", "Hello"))) {
                    Event early = task.next(Duration.ofSeconds(Long.MIN_VALUE));
                    first.complete(early == null ? task.next(Duration.ofSeconds(Long.MAX_VALUE)) : early);
                } catch (Throwable error) {
                    first.completeExceptionally(error);
                }
            });
            assertInstanceOf(Event.Started.class, first.join());
            thread.join();
        }
    }

    @Test
    void aTaskGivesEveryEventOnceAndThenEnds() {
        try (Task task = model.submit("tokenize", Map.of("content", "Hello"))) {
            List<String> kinds = new ArrayList<>();
            task.forEachRemaining(event -> kinds.add(event.getClass().getSimpleName()));
            assertEquals(List.of("Started", "Result", "Done"), kinds);
            assertTrue(task.done());
            assertEquals(task.answer(), task.result());
        }
    }
}
