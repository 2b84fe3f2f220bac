package io.gpt4all;

import io.gpt4all.types.Invalid;
import io.gpt4all.types.Logprobs;
import io.gpt4all.types.Timings;
import io.gpt4all.types.ToolCall;
import io.gpt4all.types.Usage;
import java.util.List;

/** What a generating request gives back. The text and what belongs to it are the first choice's. */
public abstract sealed class Answer<T> permits ChatResult, Completion {
    private final String json;
    private final List<Choice<T>> choices;
    private final Usage usage;
    private final Timings timings;

    Answer(String json, List<Choice<T>> choices, Usage usage, Timings timings) {
        this.json = json;
        this.choices = List.copyOf(choices);
        this.usage = usage;
        this.timings = timings;
    }

    /** All answers: as many as the option n asked for. */
    public final List<Choice<T>> choices() {
        return choices;
    }

    /** How many tokens the prompt and the answers have. */
    public final Usage usage() {
        return usage;
    }

    /** How long it took. */
    public final Timings timings() {
        return timings;
    }

    /** The whole result as the library gave it. */
    public final String json() {
        return json;
    }

    /** The text. */
    public final String text() {
        return choices.getFirst().text();
    }

    /** What the model thought before it answered; empty if it does not show its thoughts. */
    public final String reasoning() {
        return choices.getFirst().reasoning();
    }

    /** The tools to call, their arguments as JSON text. */
    public final List<ToolCall> toolCalls() {
        return choices.getFirst().toolCalls();
    }

    /** Why the answer ended: "stop", "length" or "tool_calls". */
    public final String finishReason() {
        return choices.getFirst().finishReason();
    }

    /** For a request that is not strict, whether it is valid under its JSON Schema; null if there was nothing to check. */
    public final Boolean valid() {
        return choices.getFirst().valid();
    }

    /** Where and why it is not valid; null if nothing is wrong. */
    public final Invalid invalid() {
        return choices.getFirst().invalid();
    }

    /** What the option logprobs requested, else null. */
    public final Logprobs logprobs() {
        return choices.getFirst().logprobs();
    }

    /** As Choice.parsed(). */
    public final T parsed() {
        return choices.getFirst().parsed();
    }

    @Override
    public final String toString() {
        return text();
    }
}
