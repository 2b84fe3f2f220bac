package io.gpt4all.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** What a schema of {@link Schemas} says of a value beside its type: limits, which no type of Java's checks. */
public final class Keywords {
    private static final Map<String, BiPredicate<JsonNode, JsonNode>> NUMBERS = Map.of(
            "minimum", (value, limit) -> compared(value, limit) >= 0,
            "exclusiveMinimum", (value, limit) -> compared(value, limit) > 0,
            "maximum", (value, limit) -> compared(value, limit) <= 0,
            "exclusiveMaximum", (value, limit) -> compared(value, limit) < 0,
            "multipleOf", (value, limit) -> isMultiple(value.decimalValue(), limit.decimalValue()));

    private static final Map<String, BiPredicate<JsonNode, JsonNode>> TEXTS = Map.of(
            "minLength", (value, limit) -> length(value) >= limit.asLong(),
            "maxLength", (value, limit) -> length(value) <= limit.asLong(),
            "pattern", (value, limit) -> matches(value.asText(), limit.asText()));

    private static final Map<String, BiPredicate<JsonNode, JsonNode>> LISTS = Map.of(
            "minItems", (value, limit) -> value.size() >= limit.asLong(),
            "maxItems", (value, limit) -> value.size() <= limit.asLong(),
            "uniqueItems", (value, limit) -> !limit.asBoolean() || distinct(value));

    private static final Map<String, BiPredicate<JsonNode, JsonNode>> OBJECTS = Map.of(
            "minProperties", (value, limit) -> value.size() >= limit.asLong(),
            "maxProperties", (value, limit) -> value.size() <= limit.asLong());

    private static final Map<String, BiPredicate<JsonNode, JsonNode>> ANY =
            Map.of("const", Keywords::same, "enum", (value, allowed) -> isOne(value, allowed));

    /** What a division may take; numbers beyond are nobody's multiple. */
    private static final int MOST_DIGITS = 1000;

    private final JsonNode definitions;

    private Keywords(JsonNode definitions) {
        this.definitions = definitions;
    }

    /** Raises IllegalArgumentException, which says where, if a value that has the schema's type is outside its limits. */
    public static void check(JsonNode schema, JsonNode value) {
        new Keywords(schema.path("$defs")).check(schema, value, "");
    }

    private void check(JsonNode schema, JsonNode value, String place) {
        if (value.isNull()) {
            return; // what is not required
        }
        if (schema.has("$ref")) {
            String name = schema.get("$ref").asText();
            check(definitions.path(name.substring(name.lastIndexOf('/') + 1)), value, place);
        }
        schema.properties().forEach(keyword -> {
            BiPredicate<JsonNode, JsonNode> holds = of(value).getOrDefault(keyword.getKey(), ANY.get(keyword.getKey()));
            if (holds != null && !holds.test(value, keyword.getValue())) {
                throw new IllegalArgumentException((place.isEmpty() ? "the value" : place) + ": " + value
                        + " is outside " + keyword.getKey() + " " + keyword.getValue());
            }
        });
        for (int index = 0; index < value.size() && value.isArray(); index++) {
            check(schema.path("items"), value.get(index), place + "/" + index);
        }
        value.properties().forEach(member -> {
            JsonNode own = schema.path("properties").path(member.getKey());
            check(
                    own.isMissingNode() ? schema.path("additionalProperties") : own,
                    member.getValue(),
                    place + "/" + member.getKey());
        });
    }

    private static Map<String, BiPredicate<JsonNode, JsonNode>> of(JsonNode value) {
        return switch (value.getNodeType()) {
            case NUMBER -> NUMBERS;
            case STRING -> TEXTS;
            case ARRAY -> LISTS;
            case OBJECT -> OBJECTS;
            default -> Map.of();
        };
    }

    private static boolean isMultiple(BigDecimal value, BigDecimal limit) {
        if (limit.signum() == 0) {
            return true; // no limit: the library says so
        }
        long digits = Math.max(0, (long) value.precision() - value.scale()) + Math.max(0, limit.scale());
        return digits <= MOST_DIGITS && value.remainder(limit).signum() == 0;
    }

    private static int compared(JsonNode value, JsonNode limit) {
        return value.decimalValue().compareTo(limit.decimalValue());
    }

    private static int length(JsonNode text) {
        return text.asText().codePointCount(0, text.asText().length());
    }

    // What Java does not read as a regular expression is left to the grammar that the answer was written by.
    private static boolean matches(String text, String pattern) {
        try {
            return Pattern.compile(pattern).matcher(text).find();
        } catch (PatternSyntaxException error) {
            return true;
        }
    }

    private static boolean distinct(JsonNode list) {
        Set<Object> seen = new HashSet<>();
        for (JsonNode each : list) {
            BigDecimal number = each.isNumber() ? each.decimalValue().stripTrailingZeros() : null;
            if (!seen.add(number == null ? each : number)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isOne(JsonNode value, JsonNode allowed) {
        for (JsonNode each : allowed) {
            if (same(value, each)) {
                return true;
            }
        }
        return false;
    }

    private static boolean same(JsonNode one, JsonNode other) {
        return one.isNumber() && other.isNumber() ? compared(one, other) == 0 : one.equals(other);
    }
}
