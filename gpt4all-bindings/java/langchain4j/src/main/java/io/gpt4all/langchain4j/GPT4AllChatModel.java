package io.gpt4all.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.gpt4all.Model;
import io.gpt4all.types.ChatRequest.Builder;
import java.util.Set;
import java.util.function.Consumer;

/** LangChain4j's chat model on an open model, which stays the caller's to close. Raises LLModelException. */
public final class GPT4AllChatModel implements ChatModel {
    private final Model model;
    private final ChatRequestParameters defaults;
    private final Consumer<Builder> options;

    /** With the model's own defaults. */
    public GPT4AllChatModel(Model model) {
        this(model, ChatRequestParameters.builder().build());
    }

    /** With parameters for requests that do not say otherwise. */
    public GPT4AllChatModel(Model model, ChatRequestParameters defaults) {
        this(model, defaults, request -> {});
    }

    /** With options that LangChain4j has no name for, such as {@code options -> options.seed(1)}. */
    public GPT4AllChatModel(Model model, ChatRequestParameters defaults, Consumer<Builder> options) {
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
    public ChatResponse doChat(ChatRequest request) {
        return Responses.of(model.chat(Requests.of(request, options)));
    }
}
