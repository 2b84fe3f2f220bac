package io.gpt4all;

import io.gpt4all.internal.Format;
import io.gpt4all.types.Invalid;
import io.gpt4all.types.Logprobs;
import io.gpt4all.types.ToolCall;
import java.util.List;

/** One answer to a request. `T` is the type of parsed(). */
public final class Choice<T> {
    private final int index;
    private final String text;
    private final String reasoning;
    private final List<ToolCall> toolCalls;
    private final String finishReason;
    private final Logprobs logprobs;
    private final Boolean valid;
    private final Invalid invalid;
    private final Format<T> format;

    Choice(
            int index,
            String text,
            String reasoning,
            List<ToolCall> toolCalls,
            String finishReason,
            Logprobs logprobs,
            Boolean valid,
            Invalid invalid,
            Format<T> format) {
        this.index = index;
        this.text = text == null ? "" : text;
        this.reasoning = reasoning == null ? "" : reasoning;
        this.toolCalls = toolCalls == null ? List.of() : List.copyOf(toolCalls);
        this.finishReason = finishReason;
        this.logprobs = logprobs;
        this.valid = valid;
        this.invalid = invalid;
        this.format = format;
    }

    /** Which choice it is, from 0. */
    public int index() {
        return index;
    }

    /** The text. */
    public String text() {
        return text;
    }

    /** What the model thought before it answered; empty if it does not show its thoughts. */
    public String reasoning() {
        return reasoning;
    }

    /** The tools to call, their arguments as JSON text. */
    public List<ToolCall> toolCalls() {
        return toolCalls;
    }

    /** Why the answer ended: "stop", "length" or "tool_calls". */
    public String finishReason() {
        return finishReason;
    }

    /** What the option logprobs requested, else null. */
    public Logprobs logprobs() {
        return logprobs;
    }

    /**
     * The object that the text stands for, by the request's response format; null without one. Raises
     * ResponseFormatException if the answer was cut off, or is not as it should be.
     */
    public T parsed() {
        return format.parse(text, finishReason, invalid);
    }

    /**
     * Whether the answer is valid under its JSON Schema, for a request that is not strict; null if there was nothing to
     * check.
     */
    public Boolean valid() {
        return valid;
    }

    /** Where and why it is not valid; null if nothing is wrong. */
    public Invalid invalid() {
        return invalid;
    }

    @Override
    public String toString() {
        return text;
    }
}
