package io.gpt4all;

import io.gpt4all.internal.Format;
import io.gpt4all.internal.Json;
import io.gpt4all.types.TextResult;
import java.util.ArrayList;
import java.util.List;

/** The answer to complete and infill. `T` is the type of parsed(). */
public final class Completion<T> extends Answer<T> {
    private final TextResult raw;

    private Completion(String json, TextResult raw, List<Choice<T>> choices) {
        super(json, choices, raw.usage(), raw.timings());
        this.raw = raw;
    }

    static <T> Completion<T> of(String json, Format<T> format) {
        TextResult raw = Json.read(json, TextResult.class);
        List<Choice<T>> choices = new ArrayList<>();
        raw.choices()
                .forEach(each -> choices.add(new Choice<>(
                        each.index(),
                        each.text(),
                        "",
                        List.of(),
                        each.finishReason(),
                        each.logprobs(),
                        each.valid(),
                        each.invalid(),
                        format)));
        return new Completion<>(json, raw, choices);
    }

    /** The whole result as a record. */
    public TextResult raw() {
        return raw;
    }
}
