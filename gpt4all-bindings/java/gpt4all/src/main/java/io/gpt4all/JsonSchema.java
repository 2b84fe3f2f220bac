package io.gpt4all;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Keywords for the schema of a record's component, beside those that its type has: {@code @JsonSchema("{\"minimum\":
 * 1}") int count}. They hold in answers; in a tool's arguments as far as the model's template lets a grammar hold them.
 * Limits of numbers, texts, lists and objects, "enum" and "const" are also checked before an answer is given as an
 * object, and before a function is called: what does not keep to them is a ResponseFormatException, or is told to the
 * model.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface JsonSchema {
    /** A JSON object. */
    String value();
}
