package io.gpt4all;

import static io.gpt4all.TestModels.longAnswer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.types.CompleteRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What ends other bindings. */
@Timeout(180)
class CrashTest {
    @Test
    void aModelMayBeClosedWhileItAnswers() throws Exception {
        Model model = TestModels.endless();
        CountDownLatch begun = new CountDownLatch(4);
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                readers.add(pool.submit(() -> {
                    TextStream<ChatResult<Object>> stream = longAnswer(model);
                    stream.next();
                    begun.countDown();
                    assertThrows(CancelledException.class, stream::result);
                    stream.close();
                }));
            }
            begun.await();
            model.close();
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
        assertThrows(ClosedException.class, () -> longAnswer(model));
    }

    @Test
    void aModelMayBeClosedWithinTheLoop() {
        Model model = TestModels.endless();
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        assertThrows(LLModelException.class, () -> {
            for (String piece : stream) {
                assertFalse(piece.isEmpty());
                model.close();
            }
        });
        stream.close();
        assertThrows(ClosedException.class, () -> longAnswer(model));
    }

    @Test
    void manyThreadsShareAModel() throws Exception {
        try (Model model = TestModels.chat()) {
            String expected = model.chat("Hi", options -> options.maxTokens(6).temperature(0))
                    .text();
            for (ExecutorService pool :
                    List.of(Executors.newFixedThreadPool(16), Executors.newVirtualThreadPerTaskExecutor())) {
                try (pool) {
                    List<Future<String>> answers = new ArrayList<>();
                    for (int number = 0; number < 48; number++) {
                        answers.add(pool.submit(() -> model.chat(
                                        "Hi", options -> options.maxTokens(6).temperature(0))
                                .text()));
                    }
                    for (Future<String> answer : answers) {
                        assertEquals(expected, answer.get());
                    }
                }
            }
        }
    }

    /** More than may wait at a time: those who wait for a slot must not keep out those who read, nor the one who closes. */
    @Test
    void anyNumberOfVirtualThreadsMayWait() throws Exception {
        int count = 300;
        Model model = TestModels.endless();
        CountDownLatch ended = new CountDownLatch(count);
        for (int number = 0; number < count; number++) {
            Thread.ofVirtual().start(() -> {
                try (TextStream<ChatResult<Object>> stream = longAnswer(model)) {
                    assertThrows(LLModelException.class, stream::result);
                } catch (LLModelException error) {
                    // it began when the model was closed
                } finally {
                    ended.countDown();
                }
            });
        }
        try (TextStream<ChatResult<Object>> stream = model.chatStream("Tell", options -> options.maxTokens(1))) {
            Thread reading = Thread.ofVirtual().start(stream::hasNext);
            Thread.sleep(1000);
            Thread closing = Thread.ofVirtual().start(model::close);
            assertTrue(closing.join(Duration.ofSeconds(60)), "the model cannot be closed");
            assertTrue(reading.join(Duration.ofSeconds(60)), "it is still read");
        }
        assertTrue(ended.await(60, TimeUnit.SECONDS), ended.getCount() + " threads still wait");
    }

    @Test
    void aPromptMayBeCancelledWhileItIsRead() {
        try (Model model = TestModels.endless()) {
            String prompt = "word ".repeat(700);
            for (int round = 0; round < 5; round++) {
                Task task = model.submit(
                        "complete", Map.of("prompt", prompt + round, "return_progress", true, "cache_prompt", false));
                assertInstanceOf(Event.Started.class, task.next());
                task.cancel();
                assertThrows(CancelledException.class, task::result);
                task.close();
            }
            assertFalse(model.tokenize("a").isEmpty());
        }
    }

    @Test
    void everythingMayBeClosedTwiceAndInAnyOrder() {
        Model model = TestModels.endless();
        Task task = model.submit("complete", Map.of("prompt", "a"));
        TextStream<ChatResult<Object>> stream = longAnswer(model);
        model.close();
        stream.close();
        task.close();
        task.close();
        stream.close();
        model.close();
        task.cancel();
        stream.cancel();
        assertThrows(ClosedException.class, task::next);
    }

    @Test
    void aLongPromptIsRefused() {
        try (Model model = TestModels.chat()) {
            String megabyte = "0123456789abcde ".repeat(1 << 16);
            ContextOverflowException error =
                    assertThrows(ContextOverflowException.class, () -> model.complete(megabyte, options -> {}));
            assertTrue(error.getMessage().length() < 1000, error.getMessage());
            assertTrue(model.countTokens(megabyte) > 1 << 16);
        }
    }

    @Test
    void zeroCharactersAreCharacters() {
        try (Model model = TestModels.chat()) {
            String text = "a\0b";
            assertEquals(text, model.detokenize(model.tokenize(text)));
            assertThrows(
                    InvalidArgumentException.class,
                    () -> Model.open("tiny\0.gguf", io.gpt4all.internal.Json.object(Map.of()), null));
            assertThrows(InvalidArgumentException.class, () -> model.submit("tokenize\0", Map.of("content", "a")));
        }
    }

    @Test
    void aCharacterOfFourBytesComesWhole() {
        try (Model model = TestModels.chat()) {
            CompleteRequest request = CompleteRequest.builder()
                    .prompt("a")
                    .grammar("root ::= \"😀\" \"👍🏽\" \"é\"")
                    .maxTokens(40)
                    .build();
            Set<String> odd = new HashSet<>();
            try (TextStream<Completion<Object>> stream = model.completeStream(request)) {
                for (String piece : stream) {
                    boolean whole =
                            java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(piece);
                    if (!whole || piece.contains("\uFFFD")) {
                        odd.add(piece);
                    }
                }
                assertEquals("😀👍🏽é", stream.text());
            }
            assertEquals(Set.of(), odd);
        }
    }

    @Test
    void programsMayBeStartedMeanwhile() throws Exception {
        try (Model model = TestModels.endless();
                TextStream<ChatResult<Object>> stream = longAnswer(model)) {
            for (int number = 0; number < 10; number++) {
                stream.next();
                assertEquals(0, new ProcessBuilder("true").start().waitFor());
            }
        }
    }
}
