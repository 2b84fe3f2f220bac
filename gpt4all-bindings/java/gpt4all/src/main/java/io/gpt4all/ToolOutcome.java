package io.gpt4all;

/**
 * A call that has been made.
 *
 * @param name what was called, as the model wrote it
 * @param arguments JSON text, as the model wrote it
 * @param content what the model was told
 * @param value what the function returned; null if it raised
 * @param error what it raised, or what was wrong with the call; else null
 */
public record ToolOutcome(String name, String arguments, String content, Object value, Exception error) {}
