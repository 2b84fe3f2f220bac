package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.types.ApplyTemplateRequest;
import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.CountTokensRequest;
import io.gpt4all.types.EmbedRequest;
import io.gpt4all.types.LogLevel;
import io.gpt4all.types.LoraScale;
import io.gpt4all.types.OpenOptionsLora;
import io.gpt4all.types.ResponseFormatJsonObject;
import io.gpt4all.types.ResponseFormatJsonSchema;
import io.gpt4all.types.ResponseFormatJsonSchemaJsonSchema;
import io.gpt4all.types.ScoreBatchRequest;
import io.gpt4all.types.ScoreBatchRequestInput;
import io.gpt4all.types.StateResult;
import io.gpt4all.types.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every method of Model and GPT4All with the types that a user sees. */
class ModelTest {
    record City(String name, int people) {}

    @Test
    void chatAnswers() {
        try (Model model = TestModels.chat()) {
            ChatResult<Object> answer = model.chat(
                    "Hello", options -> options.maxTokens(5).temperature(0).logprobs(true));
            assertFalse(answer.text().isEmpty());
            assertEquals(answer.text(), answer.toString());
            assertEquals("length", answer.finishReason());
            assertEquals(5, answer.usage().completionTokens());
            assertEquals(5, answer.logprobs().content().size());
            assertEquals(answer.text(), answer.message().get("content"));
            assertEquals(
                    answer.text(), answer.raw().choices().getFirst().message().content());
            assertNull(answer.parsed());
            assertTrue(answer.timings().predictedMs() >= 0);
        }
    }

    @Test
    void anAnswerCanBeAnObjectOfAType() {
        try (Model model = TestModels.chat()) {
            ChatResult<City> answer = model.chat(
                    "A city.", City.class, options -> options.maxTokens(400).temperature(0));
            if (answer.finishReason().equals("stop")) {
                assertTrue(answer.text().contains("\"people\""));
                assertEquals(City.class, answer.parsed().getClass());
            }
            ChatResult<City> cut = model.chat("A city.", City.class, options -> options.maxTokens(2));
            ResponseFormatException error = assertThrows(ResponseFormatException.class, cut::parsed);
            assertTrue(error.getMessage().startsWith("the answer was cut short"));
            assertEquals("length", error.detail().get("finish_reason"));
        }
    }

    record Numbers(byte small, short medium, int usual, long large) {}

    @Test
    void whatIsWrittenFitsIntoItsType() {
        try (Model model = TestModels.chat()) {
            for (int seed = 0; seed < 20; seed++) {
                int chosen = seed;
                ChatResult<Numbers> answer = model.chat(
                        "Numbers.",
                        Numbers.class,
                        options -> options.maxTokens(300).temperature(1.5).seed(chosen));
                if (answer.finishReason().equals("stop")) {
                    assertTrue(answer.text().contains("" + answer.parsed().large()), answer.text());
                }
            }
        }
    }

    @Test
    void anAnswerCanBeAnyJson() {
        try (Model model = TestModels.chat()) {
            ChatResult<Object> answer = model.chat(
                    "JSON",
                    options -> options.maxTokens(200)
                            .temperature(0)
                            .responseFormat(ResponseFormatJsonObject.builder()
                                    .schema(Map.of("const", Map.of("a", 1)))
                                    .build()));
            assertEquals(Map.of("a", 1), answer.parsed());
        }
    }

    @Test
    void answersThatAreNotStrictAreChecked() {
        try (Model model = TestModels.chat()) {
            for (int second : List.of(3, 4)) {
                Map<String, Object> schema = Map.of(
                        "type",
                        "array",
                        "items",
                        Map.of("enum", List.of(3, 4)),
                        "minItems",
                        1,
                        "maxItems",
                        1,
                        "allOf",
                        List.of(Map.of("contains", Map.of("const", 3)), Map.of("contains", Map.of("const", second))));
                ResponseFormatJsonSchema format = ResponseFormatJsonSchema.builder()
                        .jsonSchema(ResponseFormatJsonSchemaJsonSchema.builder()
                                .schema(schema)
                                .build())
                        .build();
                assertThrows(
                        GrammarException.class, () -> model.chat("A list", options -> options.responseFormat(format)));
                ChatResult<Object> answer = model.chat(
                        "A list",
                        options -> options.responseFormat(format)
                                .strict(false)
                                .maxTokens(100)
                                .temperature(0));
                assertEquals(second == 3, answer.valid());
                if (second == 3) {
                    assertEquals(List.of(3), answer.parsed());
                    continue;
                }
                ResponseFormatException error = assertThrows(ResponseFormatException.class, answer::parsed);
                assertEquals(answer.invalid(), error.detail().get("invalid"));
                assertEquals("contains", answer.invalid().keyword());
            }
        }
    }

    @Test
    void severalChoicesEachHaveTheirEvents() {
        try (Model model = TestModels.chat();
                TextStream<ChatResult<Object>> stream = model.chatStream(
                        "Hi", options -> options.n(2).maxTokens(6).seed(1))) {
            List<Integer> seen = new ArrayList<>();
            stream.events().forEachRemaining(event -> {
                if (event instanceof Event.Text piece) {
                    seen.add(piece.index());
                }
            });
            assertTrue(seen.contains(0) && seen.contains(1), seen::toString);
            assertEquals(2, stream.result().choices().size());
            assertEquals(stream.text(), stream.result().text());
        }
    }

    @Test
    void completeContinues() {
        try (Model model = TestModels.chat()) {
            Completion<Object> whole =
                    model.complete("Once", options -> options.maxTokens(8).temperature(0));
            try (TextStream<Completion<Object>> stream =
                    model.completeStream("Once", options -> options.maxTokens(8).temperature(0))) {
                assertEquals(whole.text(), String.join("", stream.stream().toList()));
                assertEquals(whole.text(), stream.result().text());
            }
            assertThrows(UnsupportedException.class, () -> model.infill("a", "b", options -> {}));
        }
    }

    @Test
    void tokensAndTemplates() {
        try (Model model = TestModels.chat()) {
            List<Integer> tokens = model.tokenize("Hello, wörld");
            assertEquals("Hello, wörld", model.detokenize(tokens));
            assertEquals(tokens.size(), model.countTokens("Hello, wörld") - (model.countTokens("") > 0 ? 1 : 0));
            List<io.gpt4all.types.Message> messages = List.of(Messages.system("Be brief."), Messages.user("Hi"));
            String prompt = model.applyTemplate(
                    ApplyTemplateRequest.builder().messages(messages).build());
            assertTrue(prompt.contains("Be brief.") && prompt.contains("Hi"), prompt);
            int counted = model.countTokens(
                    CountTokensRequest.builder().messages(messages).build());
            ChatResult<Object> answer = model.chat(
                    ChatRequest.builder().messages(messages).maxTokens(1).build());
            assertEquals(counted, answer.usage().promptTokens());
        }
    }

    @Test
    void vectorsAndScores() {
        try (Model model = TestModels.embedding()) {
            Embeddings two = model.embed(List.of("one", "two"));
            assertEquals(2, two.vectors().size());
            assertEquals(two.dimension(), two.get(0).length);
            assertTrue(Arrays.equals(two.get(1), model.embed("two")));
            double length = 0;
            for (float each : two.get(0)) {
                length += each * each;
            }
            assertEquals(1, length, 1e-4);
            List<Integer> tokens = model.tokenize("one");
            assertEquals(
                    1,
                    model.embed(EmbedRequest.builder().input(tokens).build())
                            .vectors()
                            .size());
        }
        try (Model model = Model.open(Corpus.tiny("tiny-bert-rerank.gguf"))) {
            Ranking ranking = model.rerank("a", List.of("b", "c"));
            assertEquals(2, ranking.results().size());
            Ranking.Ranked best = ranking.results().getFirst();
            assertEquals(List.of("b", "c").get(best.index()), best.document());
        }
        try (Model model = TestModels.chat()) {
            Scores scores = model.score("Hello", List.of(" world", " there"));
            assertEquals(2, scores.scores().size());
            assertTrue(scores.get(0).logprob() < 0);
            List<ScoreBatchRequestInput> inputs = List.of(
                    new ScoreBatchRequestInput("Good", List.of(" night")),
                    new ScoreBatchRequestInput("Hello", List.of(" world", " there")));
            ScoreBatch batch = model.scoreBatch(ScoreBatchRequest.builder()
                    .inputs(inputs)
                    .logprobRows("continuation")
                    .build());
            assertEquals(2, batch.results().size());
            assertEquals(scores.contextTokens(), batch.get(1).contextTokens());
            assertEquals(scores.get(1).logprob(), batch.get(1).get(1).logprob(), 0.1);
            assertEquals(batch.raw().nVocab(), batch.get(0).rows().get(0).logprobs().length);
        }
    }

    @Test
    void adaptersHaveScales() {
        Path adapter = Corpus.tiny("tiny-llama-lora.gguf");
        try (Model model = Model.open(
                Corpus.tiny("tiny-llama-f32.gguf"),
                options -> options.lora(List.of(OpenOptionsLora.builder()
                        .path(adapter.toString())
                        .scale(0.5)
                        .build())))) {
            assertEquals(0.5, model.adapters().getFirst().scale());
            assertEquals(
                    0.25,
                    model.adapters(List.of(LoraScale.builder().id(0).scale(0.25).build()))
                            .getFirst()
                            .scale());
        }
    }

    @Test
    void stateIsSavedAndRestored(@TempDir Path folder) {
        try (Model model = TestModels.chat()) {
            model.chat("Remember this.", options -> options.maxTokens(4).idSlot(0));
            StateResult saved = model.saveState(folder.resolve("state"), options -> options.idSlot(0));
            StateResult restored = model.restoreState(folder.resolve("state"), options -> options.idSlot(1));
            assertEquals(saved.nTokens(), restored.nTokens());
            assertTrue(saved.nTokens() > 0);
        }
    }

    @Test
    void filesAreQuantisedAndDescribed(@TempDir Path folder) throws IOException {
        Path path = Corpus.tiny("tiny-llama-f32.gguf");
        Path smaller = folder.resolve("smaller.gguf");
        List<Double> seen = new ArrayList<>();
        GPT4All.quantize(path, smaller, options -> options.type("Q8_0"), fraction -> seen.add(fraction));
        assertTrue(Files.size(smaller) < Files.size(path));
        assertEquals(1.0, seen.getLast());
        assertEquals("llama", GPT4All.inspect(smaller, options -> {}).architecture());
        Path matrix = folder.resolve("imatrix.gguf");
        String text = "The quick brown fox jumps over the lazy dog. ".repeat(40);
        GPT4All.imatrix(path, matrix, options -> options.text(text).nCtx(64), null);
        assertTrue(Files.size(matrix) > 0);
        assertThrows(
                UnsupportedException.class,
                () -> GPT4All.convert(path, folder.resolve("converted.gguf"), options -> {}, null));
    }

    @Test
    void aListenerCanEndLongWork(@TempDir Path folder) {
        Path path = Corpus.tiny("tiny-llama-f32.gguf");
        assertThrows(CancelledException.class, () -> Model.open(path, TestModels.SMALL, fraction -> false));
        IllegalStateException raised = assertThrows(
                IllegalStateException.class,
                () -> Model.open(path, TestModels.SMALL, fraction -> {
                    throw new IllegalStateException("by the listener");
                }));
        assertEquals("by the listener", raised.getMessage());
    }

    @Test
    void theLibraryTellsOfItself() {
        assertEquals("3.0.0", GPT4All.buildInfo().version());
        assertTrue(GPT4All.schema().containsKey("$defs"));
        assertFalse(GPT4All.devices().devices().isEmpty());
        try (Model model = TestModels.chat()) {
            assertEquals(512, model.info().opened().nCtx());
        }
    }

    @Test
    void messagesGoToTheListenerAndNowhereElse() {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        GPT4All.setLog(LogLevel.DEBUG, (level, message) -> {
            seen.add(level + " " + message);
            throw new IllegalStateException("a listener's exception ends nothing");
        });
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {});
        try (Model model = TestModels.chat()) {
            model.chat("Hi", options -> options.maxTokens(2));
        } finally {
            GPT4All.setLog(LogLevel.NONE, null);
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertFalse(seen.isEmpty());
        int count = seen.size();
        TestModels.chat().close();
        assertEquals(count, seen.size());
    }

    @Test
    void errorsSayWhatHappened() {
        Path missing = Path.of("no-such-file.gguf");
        ModelNotFoundException error = assertThrows(ModelNotFoundException.class, () -> Model.open(missing));
        assertEquals(Status.NOT_FOUND, error.status());
        assertTrue(error.getMessage().contains("no-such-file.gguf"), error.getMessage());
        try (Model model = TestModels.chat()) {
            InvalidArgumentException wrong = assertThrows(
                    InvalidArgumentException.class, () -> model.chat("Hi", options -> options.temperature(-1)));
            assertEquals("/temperature", wrong.detail().get("path"));
            assertThrows(InvalidArgumentException.class, () -> model.submit("no_such_operation", Map.of()));
            assertThrows(InvalidArgumentException.class, () -> model.submit("chat\0", Map.of()));
            assertThrows(InvalidArgumentException.class, () -> model.chat("a lone \uD800 surrogate"));
            assertThrows(
                    InvalidArgumentException.class, () -> model.chat("Hi", options -> options.temperature(Double.NaN)));
            assertThrows(GrammarException.class, () -> model.chat("Hi", options -> options.grammar("root ::= (")));
        }
        assertThrows(InvalidModelException.class, () -> Model.open(Corpus.CHECKOUT.resolve("README.md")));
    }

    @Test
    void aClosedModelSaysSo() {
        Model model = TestModels.chat();
        assertNotEquals(0, model.tokenize("a").size());
        model.close();
        model.close();
        assertTrue(model.closed());
        ClosedException error = assertThrows(ClosedException.class, () -> model.chat("Hi"));
        assertTrue(error.getMessage().contains("is closed; open it again"), error.getMessage());
        assertThrows(ClosedException.class, model::info);
    }
}
