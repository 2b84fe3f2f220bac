package io.gpt4all;

import io.gpt4all.types.ProgressEvent;
import io.gpt4all.types.ToolCallEvent;
import java.util.Map;

/** One thing that a running request reports. index() is the choice, input or row of the request that it belongs to. */
public sealed interface Event {
    /** Which choice, input or row of the request the event belongs to, from 0. */
    int index();

    /** The request is running. */
    record Started(int index) implements Event {}

    /** How many prompt tokens, or inputs, are done. */
    record Progress(int index, ProgressEvent progress) implements Event {}

    /** A piece of the answer, in whole code points. */
    record Text(int index, String text) implements Event {}

    /** A piece of what the model thinks before it answers. */
    record Reasoning(int index, String text) implements Event {}

    /** A piece of a tool call. */
    record ToolCall(int index, ToolCallEvent piece) implements Event {}

    /** How probable tokens were whose text has been given. */
    record TokenLogprobs(int index, io.gpt4all.types.Logprobs logprobs) implements Event {}

    /** A vector. */
    @SuppressWarnings("ArrayRecordComponent")
    record Embedding(int index, float[] vector) implements Event {}

    /** One row of log-probabilities over the vocabulary. */
    record Logprobs(int index, float[] row) implements Event {}

    /** The complete result, as JSON. */
    record Result(int index, String json) implements Event {}

    /** The last event. */
    record Done(int index) implements Event {}

    /** From runTools() and sessions: the message in which the model is told what a function returned. */
    record ToolResult(int index, Map<String, Object> message) implements Event {}
}
