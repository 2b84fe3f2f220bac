package io.gpt4all;

import io.gpt4all.types.ChatResultChoiceMessage;
import io.gpt4all.types.Message;
import io.gpt4all.types.MessageAssistant;
import io.gpt4all.types.MessageInput;
import io.gpt4all.types.MessageTool;

/** Makes messages of a conversation; the records of io.gpt4all.types have more to set. */
public final class Messages {
    private Messages() {}

    /** How the model is to behave. */
    public static Message system(String content) {
        return MessageInput.builder().role("system").content(content).build();
    }

    /** What the user says. */
    public static Message user(String content) {
        return MessageInput.builder().role("user").content(content).build();
    }

    /** What the model said. */
    public static Message assistant(String content) {
        return MessageAssistant.builder().content(content).build();
    }

    /** What the model said in an answer, with its calls of tools. */
    public static Message assistant(ChatResult<?> answer) {
        ChatResultChoiceMessage message = answer.raw().choices().getFirst().message();
        MessageAssistant.Builder builder = MessageAssistant.builder();
        if (message.content() != null) {
            builder.content(message.content());
        }
        if (message.reasoningContent() != null) {
            builder.reasoningContent(message.reasoningContent());
        }
        if (message.toolCalls() != null) {
            builder.toolCalls(message.toolCalls());
        }
        return builder.build();
    }

    /** What a tool returned. */
    public static Message tool(String toolCallId, String content) {
        return MessageTool.builder().toolCallId(toolCallId).content(content).build();
    }
}
