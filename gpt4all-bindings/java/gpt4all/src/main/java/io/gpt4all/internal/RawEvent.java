package io.gpt4all.internal;

/** An event as the library gave it: its kind's number, and a text or floats if it has any. */
public record RawEvent(int kind, int index, String text, float[] floats) {}
