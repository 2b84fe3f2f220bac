package io.gpt4all;

import java.util.List;
import java.util.Map;

/**
 * The outcome of a run with tools.
 *
 * @param answer the model's last answer
 * @param messages the whole conversation, by the JSON's names: the input, the calls, what the tools returned, and the
 *     last answer
 * @param calls the calls that were made, in order
 * @param rounds how many answers the model gave
 */
public record ToolsResult(
        ChatResult<Object> answer, List<Map<String, Object>> messages, List<ToolOutcome> calls, int rounds) {
    /** The last answer's. */
    public String text() {
        return answer.text();
    }

    @Override
    public String toString() {
        return text();
    }
}
