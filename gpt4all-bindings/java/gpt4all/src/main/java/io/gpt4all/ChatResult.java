package io.gpt4all;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Format;
import io.gpt4all.internal.Json;
import io.gpt4all.types.ChatResultChoiceMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The answer to chat. `T` is the type of parsed(). */
public final class ChatResult<T> extends Answer<T> {
    private final io.gpt4all.types.ChatResult raw;

    private ChatResult(String json, io.gpt4all.types.ChatResult raw, List<Choice<T>> choices) {
        super(json, choices, raw.usage(), raw.timings());
        this.raw = raw;
    }

    static <T> ChatResult<T> of(String json, Format<T> format) {
        io.gpt4all.types.ChatResult raw = Json.read(json, io.gpt4all.types.ChatResult.class);
        List<Choice<T>> choices = new ArrayList<>();
        raw.choices().forEach(each -> {
            ChatResultChoiceMessage message = each.message();
            choices.add(new Choice<>(
                    each.index(),
                    message.content(),
                    message.reasoningContent(),
                    message.toolCalls(),
                    each.finishReason(),
                    each.logprobs(),
                    each.valid(),
                    each.invalid(),
                    format));
        });
        return new ChatResult<>(json, raw, choices);
    }

    /** The whole result as a record. */
    public io.gpt4all.types.ChatResult raw() {
        return raw;
    }

    /** The first choice as a message, by the JSON's names, to append to the others for the next turn. */
    public Map<String, Object> message() {
        return Json.map(Json.text(messageNode()));
    }

    ObjectNode messageNode() {
        return Json.object(Json.tree(json()).at("/choices/0/message"));
    }
}
