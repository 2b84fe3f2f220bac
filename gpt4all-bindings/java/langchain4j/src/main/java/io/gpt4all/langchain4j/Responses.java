package io.gpt4all.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.gpt4all.ChatResult;
import io.gpt4all.types.Usage;
import java.util.List;

/** GPT4All's results as LangChain4j's. */
final class Responses {
    private Responses() {}

    static ChatResponse of(ChatResult<?> result) {
        List<ToolExecutionRequest> calls = calls(result);
        AiMessage.Builder message = AiMessage.builder();
        if (!result.text().isEmpty() || calls.isEmpty()) {
            message.text(result.text());
        }
        if (!result.reasoning().isEmpty()) {
            message.thinking(result.reasoning());
        }
        message.toolExecutionRequests(calls);
        return ChatResponse.builder()
                .aiMessage(message.build())
                .modelName(result.raw().model())
                .tokenUsage(usage(result.usage()))
                .finishReason(reason(result.finishReason()))
                .build();
    }

    static List<ToolExecutionRequest> calls(ChatResult<?> result) {
        return result.toolCalls().stream()
                .map(call -> ToolExecutionRequest.builder()
                        .id(call.id())
                        .name(call.function().name())
                        .arguments(String.valueOf(call.function().arguments()))
                        .build())
                .toList();
    }

    static TokenUsage usage(Usage usage) {
        return new TokenUsage(usage.promptTokens(), usage.completionTokens(), usage.totalTokens());
    }

    private static FinishReason reason(String reason) {
        return switch (reason) {
            case "stop" -> FinishReason.STOP;
            case "length" -> FinishReason.LENGTH;
            case "tool_calls" -> FinishReason.TOOL_EXECUTION;
            default -> FinishReason.OTHER;
        };
    }
}
