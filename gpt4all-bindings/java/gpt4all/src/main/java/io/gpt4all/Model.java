package io.gpt4all;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Cleaners;
import io.gpt4all.internal.Format;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.NativeLibrary;
import io.gpt4all.internal.NativeModel;
import io.gpt4all.internal.NativeTask;
import io.gpt4all.internal.ProgressCall;
import io.gpt4all.internal.Waiters;
import io.gpt4all.models.Models;
import io.gpt4all.types.AdaptersRequest;
import io.gpt4all.types.AdaptersResult;
import io.gpt4all.types.AdaptersResultAdapter;
import io.gpt4all.types.ApplyTemplateRequest;
import io.gpt4all.types.ApplyTemplateResult;
import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.CompleteRequest;
import io.gpt4all.types.CountTokensRequest;
import io.gpt4all.types.CountTokensResult;
import io.gpt4all.types.DetokenizeRequest;
import io.gpt4all.types.DetokenizeResult;
import io.gpt4all.types.EmbedRequest;
import io.gpt4all.types.EmbedResult;
import io.gpt4all.types.InfillRequest;
import io.gpt4all.types.InfoResult;
import io.gpt4all.types.LoraScale;
import io.gpt4all.types.OpenOptions;
import io.gpt4all.types.Operation;
import io.gpt4all.types.RerankRequest;
import io.gpt4all.types.RerankResult;
import io.gpt4all.types.ScoreBatchRequest;
import io.gpt4all.types.ScoreBatchResult;
import io.gpt4all.types.ScoreRequest;
import io.gpt4all.types.ScoreResult;
import io.gpt4all.types.StateRequest;
import io.gpt4all.types.StateResult;
import io.gpt4all.types.TokenizeRequest;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;
import java.util.function.Supplier;

/**
 * An open model file. Any number of threads, virtual ones included, may use it at once: their requests run together.
 *
 * <p>Every method raises LLModelException: ClosedException after close(), InvalidArgumentException for a request that
 * does not match its schema, CancelledException if the thread is interrupted while it waits.
 *
 * <p>Options are set in the builder of the request: {@code model.chat("Hello", options -> options.maxTokens(60))}.
 */
public final class Model implements AutoCloseable {
    private final String path;
    private final NativeModel model;

    private Model(String path, ObjectNode options, DoublePredicate progress) {
        this.path = path;
        NativeLibrary library = NativeLibrary.load();
        byte[] given = Json.encode(Models.withAdvice(path, options));
        ProgressCall listener = new ProgressCall(progress);
        model = Waiters.call(() -> NativeModel.open(library, path, given, listener), listener::stop);
        Cleaners.register(this, model::close);
    }

    /** Opens a GGUF file. */
    public static Model open(Path path) {
        return open(path, options -> {});
    }

    /** Opens a GGUF file, such as {@code Model.open(path, options -> options.nCtx(4096))}. */
    public static Model open(Path path, Consumer<OpenOptions.Builder> options) {
        return open(path, options, null);
    }

    /**
     * Opens a GGUF file.
     *
     * @param path the file
     * @param options sets options
     * @param progress called with 0 to 1 while the file is being loaded; if it returns false, opening ends with
     *     CancelledException. May be null.
     */
    public static Model open(Path path, Consumer<OpenOptions.Builder> options, DoublePredicate progress) {
        Objects.requireNonNull(path, "path");
        OpenOptions.Builder builder = OpenOptions.builder();
        options.accept(builder);
        return open(path.toString(), Json.object(builder.build()), progress);
    }

    static Model open(String path, ObjectNode options, DoublePredicate progress) {
        return new Model(path, options, progress);
    }

    /** The file, as given. */
    public String path() {
        return path;
    }

    /** Whether it is closed. */
    public boolean closed() {
        return model.closed();
    }

    /** Cancels the model's requests, waits for its threads and frees its memory. Safe at any time, more than once. */
    @Override
    public void close() {
        Waiters.end(model::close);
        Reference.reachabilityFence(this);
    }

    @Override
    public String toString() {
        return "Model[" + path + (closed() ? ", closed]" : "]");
    }

    private NativeModel use() {
        if (model.closed()) {
            throw new ClosedException("the model " + path + " is closed; open it again to continue");
        }
        return model;
    }

    /**
     * Starts any operation. The methods below are built on this.
     *
     * @param operation the name of an {@link Operation}
     * @param request its record of io.gpt4all.types, or a map by the JSON's names
     */
    public Task submit(String operation, Object request) {
        if (operation.indexOf('\0') >= 0) {
            throw new InvalidArgumentException("the name of an operation cannot contain a NUL character");
        }
        byte[] encoded = Json.encode(Json.object(request));
        try {
            return new Task(this, new NativeTask(model.library(), use().handle(), operation, encoded));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private <T> Request<T> request(Operation operation, Object request, BiFunction<String, List<float[]>, T> build) {
        return new Request<>(this, operation, Json.object(request), build);
    }

    /** What GPT4All.inspect() returns, and how the model was actually opened. */
    public InfoResult info() {
        return Json.read(infoJson(), InfoResult.class);
    }

    String infoJson() {
        try {
            return Waiters.call(use()::info);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    // ------------------------------------------------------------------------------------------------------ generation

    private static ChatRequest chatOf(String message, Consumer<ChatRequest.Builder> options) {
        ChatRequest.Builder builder = ChatRequest.builder().messages(List.of(Messages.user(message)));
        options.accept(builder);
        return builder.build();
    }

    private Request<ChatResult<Object>> chatting(ChatRequest given, boolean stream) {
        ObjectNode request = Requests.streaming(given, stream);
        Format<Object> format = Format.of(request);
        return request(Operation.CHAT, request, (json, floats) -> ChatResult.of(json, format));
    }

    /** Answers a text. */
    public ChatResult<Object> chat(String message) {
        return chat(message, options -> {});
    }

    /** Answers a text, with options such as {@code options -> options.maxTokens(60).temperature(0)}. */
    public ChatResult<Object> chat(String message, Consumer<ChatRequest.Builder> options) {
        return chat(chatOf(message, options));
    }

    /** Answers a conversation. */
    public ChatResult<Object> chat(ChatRequest request) {
        return chatting(request, false).finish();
    }

    /** Answers a text with an object of a type, most often a record: see parsed() of the answer. */
    public <T> ChatResult<T> chat(String message, Class<T> type, Consumer<ChatRequest.Builder> options) {
        return chat(chatOf(message, options), type);
    }

    /** Answers a conversation with an object of a type, most often a record: see parsed() of the answer. */
    public <T> ChatResult<T> chat(ChatRequest given, Class<T> type) {
        ObjectNode request = Requests.streaming(given, false);
        Format<T> format = new Format<>(type);
        format.describe(request);
        return request(Operation.CHAT, request, (json, floats) -> ChatResult.of(json, format))
                .finish();
    }

    /** Answers a text, and gives the answer as it is written. */
    public TextStream<ChatResult<Object>> chatStream(String message) {
        return chatStream(message, options -> {});
    }

    /** Answers a text, and gives the answer as it is written. */
    public TextStream<ChatResult<Object>> chatStream(String message, Consumer<ChatRequest.Builder> options) {
        return chatStream(chatOf(message, options));
    }

    /** Answers a conversation, and gives the answer as it is written. */
    public TextStream<ChatResult<Object>> chatStream(ChatRequest request) {
        return new TextStream<>(chatting(request, true));
    }

    private static CompleteRequest completeOf(String prompt, Consumer<CompleteRequest.Builder> options) {
        CompleteRequest.Builder builder = CompleteRequest.builder().prompt(prompt);
        options.accept(builder);
        return builder.build();
    }

    private Request<Completion<Object>> completing(Operation operation, Object given, boolean stream) {
        ObjectNode request = Requests.streaming(given, stream);
        Format<Object> format = Format.of(request);
        return request(operation, request, (json, floats) -> Completion.of(json, format));
    }

    /** Continues a prompt as it stands, without a chat template. */
    public Completion<Object> complete(String prompt, Consumer<CompleteRequest.Builder> options) {
        return complete(completeOf(prompt, options));
    }

    /** Continues a prompt of text or tokens. */
    public Completion<Object> complete(CompleteRequest request) {
        return completing(Operation.COMPLETE, request, false).finish();
    }

    /** Continues a prompt, and gives the text as it is written. */
    public TextStream<Completion<Object>> completeStream(String prompt, Consumer<CompleteRequest.Builder> options) {
        return completeStream(completeOf(prompt, options));
    }

    /** Continues a prompt, and gives the text as it is written. */
    public TextStream<Completion<Object>> completeStream(CompleteRequest request) {
        return new TextStream<>(completing(Operation.COMPLETE, request, true));
    }

    /** Fills the gap between two texts. UnsupportedException for a model not trained to do so. */
    public Completion<Object> infill(String prefix, String suffix, Consumer<InfillRequest.Builder> options) {
        InfillRequest.Builder builder =
                InfillRequest.builder().inputPrefix(prefix).inputSuffix(suffix);
        options.accept(builder);
        return infill(builder.build());
    }

    /** Fills the gap between two texts. UnsupportedException for a model not trained to do so. */
    public Completion<Object> infill(InfillRequest request) {
        return completing(Operation.INFILL, request, false).finish();
    }

    /** Fills the gap between two texts, and gives the text as it is written. */
    public TextStream<Completion<Object>> infillStream(InfillRequest request) {
        return new TextStream<>(completing(Operation.INFILL, request, true));
    }

    /** As runTools(), with at most 10 answers, for a text. */
    public ToolsResult runTools(String message, List<Tool> tools) {
        return runTools(message, tools, options -> {});
    }

    /** As runTools(), with at most 10 answers, for a text. */
    public ToolsResult runTools(String message, List<Tool> tools, Consumer<ChatRequest.Builder> options) {
        return runTools(chatOf(message, options), tools, ToolLoop.MAX_ROUNDS);
    }

    /**
     * Answers a conversation, calling the functions that the model asks for, until it answers with text.
     *
     * <p>If a function raises an exception, the model is told and may try again. A required tool_choice applies to the
     * first round. Calls of tools in the request itself end the loop: the caller has to make them.
     *
     * @param request the conversation
     * @param tools the functions
     * @param maxRounds maximum number of answers by the model, including the last; ToolRoundsException if it is still
     *     asking for calls then
     */
    public ToolsResult runTools(ChatRequest request, List<Tool> tools, int maxRounds) {
        return new ToolLoop(this, Requests.streaming(request, false), tools, maxRounds).finish();
    }

    /** As runTools(), and gives the text as it is written. Functions run on the thread that iterates. */
    public TextStream<ToolsResult> runToolsStream(ChatRequest request, List<Tool> tools, int maxRounds) {
        return new TextStream<>(new ToolLoop(this, Requests.streaming(request, true), tools, maxRounds));
    }

    // ------------------------------------------------------------------------------------------ vectors and
    // likelihoods

    /** One vector for each text. */
    public Embeddings embed(List<String> texts) {
        return embed(EmbedRequest.builder().input(texts).build());
    }

    /** The vector of a text. */
    public float[] embed(String text) {
        return embed(List.of(text)).get(0);
    }

    /** One vector for each input: texts or lists of token ids. */
    public Embeddings embed(EmbedRequest request) {
        return request(
                        Operation.EMBED,
                        request,
                        (json, floats) -> new Embeddings(floats, Json.read(json, EmbedResult.class)))
                .finish();
    }

    /** The documents, ordered by relevance to the query. UnsupportedException unless the model is a reranker. */
    public Ranking rerank(String query, List<String> documents) {
        return rerank(RerankRequest.builder().query(query).documents(documents).build());
    }

    /** The documents, ordered by relevance to the query. UnsupportedException unless the model is a reranker. */
    public Ranking rerank(RerankRequest request) {
        return request(Operation.RERANK, request, (json, floats) -> {
                    RerankResult raw = Json.read(json, RerankResult.class);
                    List<Ranking.Ranked> ranked = new ArrayList<>();
                    raw.results()
                            .forEach(each -> ranked.add(new Ranking.Ranked(
                                    (int) each.index(),
                                    each.relevanceScore(),
                                    request.documents().get((int) each.index()))));
                    return new Ranking(ranked, raw);
                })
                .finish();
    }

    /** How likely each continuation is after the context. */
    public Scores score(String context, List<String> continuations) {
        return score(ScoreRequest.builder()
                .context(context)
                .continuations(List.copyOf(continuations))
                .build());
    }

    /** How likely each continuation is after the context. */
    public Scores score(ScoreRequest request) {
        return request(
                        Operation.SCORE,
                        request,
                        (json, floats) -> Scores.of(Json.read(json, ScoreResult.class), floats))
                .finish();
    }

    /**
     * score() for many contexts and their continuations, which share batches: by far the fastest way. The order does not
     * matter, and what some have in common is computed once.
     */
    public ScoreBatch scoreBatch(ScoreBatchRequest request) {
        return request(
                        Operation.SCORE_BATCH,
                        request,
                        (json, floats) -> ScoreBatch.of(Json.read(json, ScoreBatchResult.class), floats))
                .finish();
    }

    // -------------------------------------------------------------------------------------------- tokens and templates

    /** A text's token ids, without the special ones at its beginning and end. */
    public List<Integer> tokenize(String content) {
        return tokenize(TokenizeRequest.builder().content(content).build());
    }

    /** Token ids. */
    public List<Integer> tokenize(TokenizeRequest request) {
        return request(Operation.TOKENIZE, request, (json, floats) -> {
                    List<Integer> tokens = new ArrayList<>();
                    Json.tree(json)
                            .path("tokens")
                            .forEach(each -> tokens.add((each.isObject() ? each.path("id") : each).asInt()));
                    return tokens;
                })
                .finish();
    }

    /** The text of token ids. */
    public String detokenize(List<Integer> tokens) {
        return detokenize(DetokenizeRequest.builder().tokens(tokens).build());
    }

    /** The text of token ids. */
    public String detokenize(DetokenizeRequest request) {
        return request(
                        Operation.DETOKENIZE,
                        request,
                        (json, floats) ->
                                Json.read(json, DetokenizeResult.class).content())
                .finish();
    }

    /** The prompt that chat() would pass to the model for these messages. */
    public String applyTemplate(ApplyTemplateRequest request) {
        return request(
                        Operation.APPLY_TEMPLATE,
                        request,
                        (json, floats) ->
                                Json.read(json, ApplyTemplateResult.class).prompt())
                .finish();
    }

    /** How many tokens a prompt for complete() has. */
    public int countTokens(String prompt) {
        return countTokens(CountTokensRequest.builder().prompt(prompt).build());
    }

    /** How many tokens a prompt for complete(), or a conversation for chat(), has. */
    public int countTokens(CountTokensRequest request) {
        return request(
                        Operation.COUNT_TOKENS,
                        request,
                        (json, floats) ->
                                Json.read(json, CountTokensResult.class).inputTokens())
                .finish();
    }

    /** The LoRA adapters that the model was opened with. */
    public List<AdaptersResultAdapter> adapters() {
        return adapting(AdaptersRequest.builder().build());
    }

    /** The LoRA adapters, after setting the scales for all requests that do not set their own. */
    public List<AdaptersResultAdapter> adapters(List<LoraScale> scales) {
        return adapting(AdaptersRequest.builder().lora(scales).build());
    }

    private List<AdaptersResultAdapter> adapting(AdaptersRequest request) {
        return request(
                        Operation.ADAPTERS,
                        request,
                        (json, floats) -> Json.read(json, AdaptersResult.class).adapters())
                .finish();
    }

    // ----------------------------------------------------------------------------------------------------------- state

    /** Writes what a slot remembers to a file, either completely or not at all. */
    public StateResult saveState(Path path, Consumer<StateRequest.Builder> options) {
        return Json.read(state("llmodel_save_state", path.toString(), stateOf(options)), StateResult.class);
    }

    /** Reads back what saveState() wrote with the same model: prompts with the same beginning continue from there. */
    public StateResult restoreState(Path path, Consumer<StateRequest.Builder> options) {
        return Json.read(state("llmodel_restore_state", path.toString(), stateOf(options)), StateResult.class);
    }

    private static ObjectNode stateOf(Consumer<StateRequest.Builder> options) {
        StateRequest.Builder builder = StateRequest.builder();
        options.accept(builder);
        return Json.object(builder.build());
    }

    String state(String function, String path, ObjectNode request) {
        byte[] encoded = Json.encode(request);
        NativeModel used = use();
        try {
            return Waiters.call(() -> used.state(function, path, encoded));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    // ---------------------------------------------------------------------------------------------------- asynchronous

    /** chat() on a virtual thread. Cancelling the future cancels the request. */
    public CompletableFuture<ChatResult<Object>> chatAsync(String message) {
        return chatAsync(message, options -> {});
    }

    /** chat() on a virtual thread. Cancelling the future cancels the request. */
    public CompletableFuture<ChatResult<Object>> chatAsync(String message, Consumer<ChatRequest.Builder> options) {
        return chatAsync(chatOf(message, options));
    }

    /** chat() on a virtual thread. Cancelling the future cancels the request. */
    public CompletableFuture<ChatResult<Object>> chatAsync(ChatRequest request) {
        return async(chatting(request, false));
    }

    /** complete() on a virtual thread. Cancelling the future cancels the request. */
    public CompletableFuture<Completion<Object>> completeAsync(CompleteRequest request) {
        return async(completing(Operation.COMPLETE, request, false));
    }

    /** Any of the methods, on a virtual thread: {@code model.async(() -> model.embed(texts))}. */
    public <T> CompletableFuture<T> async(Supplier<T> work) {
        return Asynchronous.start(work);
    }

    private static <T> CompletableFuture<T> async(Request<T> request) {
        return Asynchronous.start(request::finish, request::cancel);
    }
}
