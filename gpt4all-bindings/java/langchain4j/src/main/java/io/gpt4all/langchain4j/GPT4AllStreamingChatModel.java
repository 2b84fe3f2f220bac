package io.gpt4all.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.gpt4all.ChatResult;
import io.gpt4all.Event;
import io.gpt4all.Model;
import io.gpt4all.TextStream;
import io.gpt4all.types.ChatRequest.Builder;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * LangChain4j's streaming chat model on an open model, which stays the caller's to close. Handlers are called on a
 * virtual thread. Tool calls come when they are complete.
 */
public final class GPT4AllStreamingChatModel implements StreamingChatModel {
    private final Model model;
    private final ChatRequestParameters defaults;
    private final Consumer<Builder> options;

    /** With the model's own defaults. */
    public GPT4AllStreamingChatModel(Model model) {
        this(model, ChatRequestParameters.builder().build());
    }

    /** With parameters for requests that do not say otherwise. */
    public GPT4AllStreamingChatModel(Model model, ChatRequestParameters defaults) {
        this(model, defaults, request -> {});
    }

    /** With options that LangChain4j has no name for, such as {@code options -> options.seed(1)}. */
    public GPT4AllStreamingChatModel(Model model, ChatRequestParameters defaults, Consumer<Builder> options) {
        this.model = model;
        this.defaults = defaults;
        this.options = options;
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return defaults;
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        TextStream<ChatResult<Object>> stream = model.chatStream(Requests.of(request, options));
        Thread.ofVirtual().name("gpt4all-langchain4j").start(() -> read(stream, handler));
    }

    private static void read(TextStream<ChatResult<Object>> stream, StreamingChatResponseHandler handler) {
        Handle handle = new Handle(stream);
        try (stream) {
            for (Iterator<Event> events = stream.events(); events.hasNext(); ) {
                switch (events.next()) {
                    case Event.Text piece ->
                        guarded(
                                handler,
                                () -> handler.onPartialResponse(
                                        new PartialResponse(piece.text()), new PartialResponseContext(handle)));
                    case Event.Reasoning piece ->
                        guarded(
                                handler,
                                () -> handler.onPartialThinking(
                                        new PartialThinking(piece.text()), new PartialThinkingContext(handle)));
                    default -> {}
                }
                if (handle.isCancelled()) {
                    return;
                }
            }
            ChatResult<Object> result = stream.result();
            List<ToolExecutionRequest> calls = Responses.calls(result);
            for (int index = 0; index < calls.size(); index++) {
                CompleteToolCall call = new CompleteToolCall(index, calls.get(index));
                guarded(handler, () -> handler.onCompleteToolCall(call));
            }
            guarded(handler, () -> handler.onCompleteResponse(Responses.of(result)));
        } catch (RuntimeException | Error error) {
            if (!handle.isCancelled()) {
                tell(handler, error);
            }
        }
    }

    /** What a handler raises, it is told itself, as by LangChain4j's own models. */
    private static void guarded(StreamingChatResponseHandler handler, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error error) {
            tell(handler, error);
        }
    }

    private static void tell(StreamingChatResponseHandler handler, Throwable error) {
        try {
            handler.onError(error);
        } catch (RuntimeException | Error raised) { // nobody is left but the thread's handler
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, raised);
        }
    }

    private static final class Handle implements StreamingHandle {
        private final TextStream<?> stream;
        private volatile boolean cancelled;

        Handle(TextStream<?> stream) {
            this.stream = stream;
        }

        @Override
        public void cancel() {
            cancelled = true;
            stream.cancel();
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }
}
