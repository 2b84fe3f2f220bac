package io.gpt4all.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import io.gpt4all.Messages;
import io.gpt4all.UnsupportedException;
import io.gpt4all.types.Message;
import io.gpt4all.types.MessageAssistant;
import io.gpt4all.types.ResponseFormatJsonObject;
import io.gpt4all.types.ResponseFormatJsonSchema;
import io.gpt4all.types.ResponseFormatJsonSchemaJsonSchema;
import io.gpt4all.types.Tool;
import io.gpt4all.types.ToolCall;
import io.gpt4all.types.ToolCallFunction;
import io.gpt4all.types.ToolFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** LangChain4j's requests as GPT4All's. */
final class Requests {
    private Requests() {}

    static io.gpt4all.types.ChatRequest of(ChatRequest given, Consumer<io.gpt4all.types.ChatRequest.Builder> options) {
        io.gpt4all.types.ChatRequest.Builder request = io.gpt4all.types.ChatRequest.builder()
                .messages(given.messages().stream().map(Requests::message).toList());
        if (given.temperature() != null) {
            request.temperature(given.temperature());
        }
        if (given.topP() != null) {
            request.topP(given.topP());
        }
        if (given.topK() != null) {
            request.topK(given.topK());
        }
        if (given.frequencyPenalty() != null) {
            request.frequencyPenalty(given.frequencyPenalty());
        }
        if (given.presencePenalty() != null) {
            request.presencePenalty(given.presencePenalty());
        }
        if (given.maxOutputTokens() != null) {
            request.maxTokens(given.maxOutputTokens());
        }
        if (given.stopSequences() != null && !given.stopSequences().isEmpty()) {
            request.stop(given.stopSequences());
        }
        if (given.toolSpecifications() != null && !given.toolSpecifications().isEmpty()) {
            request.tools(
                    given.toolSpecifications().stream().map(Requests::tool).toList());
        }
        if (given.toolChoice() != null) {
            request.toolChoice(given.toolChoice().name().toLowerCase(Locale.ROOT));
        }
        if (given.responseFormat() != null) {
            form(request, given.responseFormat());
        }
        options.accept(request);
        return request.build();
    }

    private static void form(io.gpt4all.types.ChatRequest.Builder request, ResponseFormat format) {
        if (format.type() != ResponseFormatType.JSON) {
            return;
        }
        if (format.jsonSchema() == null) {
            request.responseFormat(ResponseFormatJsonObject.builder().build());
            return;
        }
        request.responseFormat(ResponseFormatJsonSchema.builder()
                .jsonSchema(ResponseFormatJsonSchemaJsonSchema.builder()
                        .name(format.jsonSchema().name())
                        .schema(JsonSchemaElementUtils.toMap(format.jsonSchema().rootElement()))
                        .strict(true)
                        .build())
                .build());
    }

    private static Tool tool(ToolSpecification specification) {
        ToolFunction.Builder function = ToolFunction.builder().name(specification.name());
        if (specification.description() != null) {
            function.description(specification.description());
        }
        if (specification.parameters() != null) {
            function.parameters(JsonSchemaElementUtils.toMap(specification.parameters()));
        }
        return Tool.builder().function(function.build()).build();
    }

    private static Message message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Messages.system(system.text());
            case UserMessage user -> Messages.user(text(user.contents()));
            case AiMessage answer -> assistant(answer);
            case ToolExecutionResultMessage result ->
                Messages.tool(result.id() == null ? "" : result.id(), result.text());
            default -> throw new UnsupportedException("messages of the type " + message.type() + " cannot be sent");
        };
    }

    private static String text(List<Content> contents) {
        List<String> texts = new ArrayList<>();
        for (Content content : contents) {
            if (!(content instanceof TextContent text)) {
                throw new UnsupportedException("contents of the type " + content.type() + " cannot be sent; send text");
            }
            texts.add(text.text());
        }
        return String.join("\n", texts);
    }

    private static MessageAssistant assistant(AiMessage answer) {
        MessageAssistant.Builder message = MessageAssistant.builder();
        if (answer.text() != null) {
            message.content(answer.text());
        }
        if (answer.thinking() != null) {
            message.reasoningContent(answer.thinking());
        }
        if (answer.hasToolExecutionRequests()) {
            message.toolCalls(answer.toolExecutionRequests().stream()
                    .map(call -> ToolCall.builder()
                            .id(call.id() == null ? "" : call.id())
                            .function(ToolCallFunction.builder()
                                    .name(call.name())
                                    .arguments(call.arguments())
                                    .build())
                            .build())
                    .toList());
        }
        return message.build();
    }
}
