package io.gpt4all.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.gpt4all.InvalidArgumentException;
import io.gpt4all.Model;
import io.gpt4all.UnsupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's own classes on GPT4All's models. */
@Timeout(180)
class LangChain4jTest {
    private static final String TEMPLATE = """
            {% if tools %}tools:{% for tool in tools %} {{ tool.function | tojson }}{% endfor %}
            {% endif %}{% for message in messages %}{{ message.role }}: {{ message.content or '' }}{% for call in \
            message.tool_calls or [] %}<tool_call>
            {"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
            </tool_call>{% endfor %}
            {% endfor %}""";

    private static Path tiny(String file) {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("gpt4all-backend"))) {
            at = at.getParent();
        }
        return at.resolve("gpt4all-backend/tests/models").resolve(file);
    }

    private static Model chatModel() {
        return Model.open(
                tiny("tiny-llama-f32.gguf"),
                options -> options.threads(1)
                        .threadsBatch(1)
                        .nCtx(4096)
                        .nParallel(2)
                        .chatTemplate(TEMPLATE));
    }

    private static ChatRequestParameters brief() {
        return ChatRequestParameters.builder()
                .temperature(0.0)
                .maxOutputTokens(8)
                .build();
    }

    private static ToolSpecification weather() {
        return ToolSpecification.builder()
                .name("weather")
                .description("The weather.")
                .parameters(JsonObjectSchema.builder()
                        .addProperty(
                                "place",
                                JsonEnumSchema.builder().enumValues("Paris").build())
                        .required("place")
                        .build())
                .build();
    }

    @Test
    void aChatModelAnswers() {
        try (Model model = chatModel()) {
            GPT4AllChatModel chat = new GPT4AllChatModel(model, brief());
            ChatResponse response = chat.chat(SystemMessage.from("Be brief."), UserMessage.from("Hi"));
            assertEquals(8, response.tokenUsage().outputTokenCount());
            assertEquals(FinishReason.LENGTH, response.finishReason());
            assertFalse(response.aiMessage().text().isEmpty());
            assertEquals(
                    response.aiMessage().text(),
                    chat.chat(SystemMessage.from("Be brief."), UserMessage.from("Hi"))
                            .aiMessage()
                            .text());
            UserMessage picture = UserMessage.from(ImageContent.from("https://example.org/a.png"));
            assertThrows(UnsupportedException.class, () -> chat.chat(picture));
        }
    }

    @Test
    void toolsAreAskedForAndAnswered() {
        try (Model model = chatModel()) {
            GPT4AllChatModel chat = new GPT4AllChatModel(
                    model, ChatRequestParameters.builder().build(), options -> options.parallelToolCalls(false));
            ChatResponse response = chat.chat(ChatRequest.builder()
                    .messages(UserMessage.from("How is the weather?"))
                    .toolSpecifications(weather())
                    .toolChoice(ToolChoice.REQUIRED)
                    .temperature(0.0)
                    .maxOutputTokens(200)
                    .build());
            assertEquals(FinishReason.TOOL_EXECUTION, response.finishReason());
            var call = response.aiMessage().toolExecutionRequests().getFirst();
            assertEquals("weather", call.name());
            assertTrue(call.arguments().contains("Paris"));
            ChatResponse next = new GPT4AllChatModel(model)
                    .chat(ChatRequest.builder()
                            .messages(
                                    UserMessage.from("How is the weather?"),
                                    response.aiMessage(),
                                    ToolExecutionResultMessage.from(call, "fine"))
                            .parameters(brief())
                            .build());
            assertEquals(8, next.tokenUsage().outputTokenCount());
        }
    }

    /** What a service's tool is asked. */
    static final class Weather {
        @Tool("The weather.")
        String weather() {
            return "fine";
        }
    }

    /** A service whose methods LangChain4j makes. */
    interface Assistant {
        String ask(String question);
    }

    @Test
    void servicesRunOnIt() {
        try (Model model = chatModel()) {
            Assistant assistant = AiServices.builder(Assistant.class)
                    .chatModel(new GPT4AllChatModel(model, brief()))
                    .tools(new Weather())
                    .build();
            assertFalse(assistant.ask("Hi").isEmpty());
        }
    }

    @Test
    void answersFollowASchema() {
        try (Model model = chatModel()) {
            ChatResponse response = new GPT4AllChatModel(model)
                    .chat(ChatRequest.builder()
                            .messages(UserMessage.from("Where?"))
                            .responseFormat(ResponseFormat.builder()
                                    .type(ResponseFormatType.JSON)
                                    .jsonSchema(JsonSchema.builder()
                                            .name("place")
                                            .rootElement(weather().parameters())
                                            .build())
                                    .build())
                            .maxOutputTokens(100)
                            .build());
            assertTrue(response.aiMessage().text().replaceAll("\\s", "").equals("{\"place\":\"Paris\"}"));
        }
    }

    /** Collects what a stream gives. */
    private static class Collector implements StreamingChatResponseHandler {
        final StringBuilder text = new StringBuilder();
        final CompletableFuture<ChatResponse> response = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String piece) {
            text.append(piece);
        }

        @Override
        public void onCompleteResponse(ChatResponse given) {
            response.complete(given);
        }

        @Override
        public void onError(Throwable error) {
            response.completeExceptionally(error);
        }
    }

    @Test
    void aStreamGivesThePiecesOfTheAnswer() throws Exception {
        try (Model model = chatModel()) {
            Collector collector = new Collector();
            new GPT4AllStreamingChatModel(model, brief()).chat("Hi", collector);
            ChatResponse response = collector.response.get(60, TimeUnit.SECONDS);
            assertEquals(response.aiMessage().text(), collector.text.toString());
            GPT4AllStreamingChatModel wrong = new GPT4AllStreamingChatModel(
                    model, ChatRequestParameters.builder().temperature(-1.0).build());
            assertThrows(InvalidArgumentException.class, () -> wrong.chat("Hi", new Collector()));
        }
    }

    @Test
    void aStreamCanBeCancelled() throws Exception {
        try (Model model = chatModel()) {
            CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
            Collector collector = new Collector() {
                @Override
                public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                    context.streamingHandle().cancel();
                    cancelled.complete(context.streamingHandle().isCancelled());
                }
            };
            new GPT4AllStreamingChatModel(model).chat("Hi", collector);
            assertTrue(cancelled.get(60, TimeUnit.SECONDS));
            assertFalse(model.tokenize("a").isEmpty());
            assertFalse(collector.response.isDone());
        }
    }

    @Test
    void whatAHandlerRaisesItIsTold() throws Exception {
        try (Model model = chatModel()) {
            for (Supplier<Throwable> made : List.<Supplier<Throwable>>of(
                    () -> new IllegalStateException("by the handler"), () -> new AssertionError("by the handler"))) {
                List<String> told = new CopyOnWriteArrayList<>();
                CompletableFuture<ChatResponse> response = new CompletableFuture<>();
                new GPT4AllStreamingChatModel(model, brief()).chat("Hi", new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        raise(made.get());
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse whole) {
                        response.complete(whole);
                    }

                    @Override
                    public void onError(Throwable error) {
                        told.add(error.getMessage());
                        if (told.size() == 1) {
                            raise(new CancellationException("even here"));
                        }
                    }
                });
                assertEquals(
                        FinishReason.LENGTH, response.get(60, TimeUnit.SECONDS).finishReason());
                assertEquals(Set.of("by the handler"), Set.copyOf(told));
            }
        }
    }

    @SuppressWarnings("unchecked") // whatever it is goes through
    private static <E extends Throwable> void raise(Throwable error) throws E {
        throw (E) error;
    }

    @Test
    void embeddingsAreFoundAgain() {
        try (Model model = Model.open(tiny("tiny-bert.gguf"))) {
            GPT4AllEmbeddingModel embedding = new GPT4AllEmbeddingModel(model);
            InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
            List<TextSegment> segments = List.of(TextSegment.from("one"), TextSegment.from("two and more"));
            List<Embedding> vectors = embedding.embedAll(segments).content();
            store.addAll(vectors, segments);
            var found = store.search(EmbeddingSearchRequest.builder()
                    .queryEmbedding(embedding.embed("two and more").content())
                    .maxResults(1)
                    .build());
            assertEquals("two and more", found.matches().getFirst().embedded().text());
            assertEquals(vectors.getFirst().dimension(), embedding.dimension());
        }
    }

    @Test
    void segmentsAreScored() {
        try (Model model = Model.open(tiny("tiny-bert-rerank.gguf"))) {
            GPT4AllScoringModel scoring = new GPT4AllScoringModel(model);
            List<Double> scores = scoring.scoreAll(List.of(TextSegment.from("b"), TextSegment.from("c")), "a")
                    .content();
            assertEquals(2, scores.size());
            assertEquals(scores.get(1), scoring.score("c", "a").content(), 1e-4);
        }
    }

    @Test
    void messagesKeepWhatTheModelThought() {
        AiMessage thought = AiMessage.builder().text("Yes").thinking("Hm").build();
        var request = Requests.of(
                ChatRequest.builder().messages(UserMessage.from("Hi"), thought).build(), options -> {});
        var message = assertInstanceOf(
                io.gpt4all.types.MessageAssistant.class, request.messages().get(1));
        assertEquals("Hm", message.reasoningContent());
    }
}
