package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Comparator;

/** Checks the outcomes of steps. */
final class Expectations {
    // 1 is 1.0; everything else as it is
    private static final Comparator<JsonNode> SAME = (one, other) -> {
        if (one.equals(other)) {
            return 0;
        }
        boolean numbers = one.isNumber() && other.isNumber();
        return numbers ? one.decimalValue().compareTo(other.decimalValue()) : 1;
    };

    private Expectations() {}

    static void checkStatus(JsonNode step, JsonNode outcome) {
        if (step.has("requests")) {
            assertEquals(step.get("requests").size(), outcome.size());
            for (int index = 0; index < outcome.size(); index++) {
                checkOne(step.get("requests").get(index), outcome.get(index));
            }
        } else {
            checkOne(step, outcome);
        }
    }

    private static void checkOne(JsonNode call, JsonNode outcome) {
        String expected = call.path("status").asText("ok");
        assertEquals(expected, outcome.get("status").asText(), () -> "the status, of " + outcome.path("message"));
    }

    static boolean same(JsonNode one, JsonNode other) {
        return one.equals(SAME, other);
    }

    static void check(JsonNode expectation, JsonNode outcome, ArrayNode outcomes) {
        String pointer = expectation.get("at").asText();
        JsonNode found = outcome.at(pointer);
        if (found.isMissingNode()) {
            assertTrue(expectation.has("absent"), () -> "there is nothing at " + pointer + " in " + outcome);
            return;
        }
        assertFalse(expectation.has("absent"), () -> pointer + " is there: " + found);
        int checked = 0;
        if (expectation.has("equals")) {
            JsonNode expected = expectation.get("equals");
            assertTrue(same(expected, found), () -> pointer + " is " + found + ", expected " + expected);
            checked++;
        }
        if (expectation.has("contains")) {
            String part = expectation.get("contains").asText();
            assertTrue(found.asText().contains(part), () -> pointer + " is " + found + ", without " + part);
            checked++;
        }
        if (expectation.has("same_as")) {
            JsonNode other = outcomes.at(expectation.get("same_as").asText());
            assertFalse(other.isMissingNode());
            assertTrue(same(other, found), () -> pointer + " is " + found + " and not " + other);
            checked++;
        }
        if (expectation.has("differs_from")) {
            JsonNode other = outcomes.at(expectation.get("differs_from").asText());
            assertFalse(other.isMissingNode());
            assertFalse(same(other, found), () -> pointer + " is " + found + ", as elsewhere");
            checked++;
        }
        if (expectation.has("near")) {
            checkNear(
                    pointer,
                    found,
                    expectation.get("near"),
                    expectation.get("tolerance").asDouble());
            checked++;
        }
        if (expectation.has("cosine")) {
            double cosine = cosine(found, expectation.get("cosine"));
            assertTrue(cosine >= expectation.get("at_least").asDouble(), () -> pointer + " has the cosine " + cosine);
            checked++;
        }
        assertEquals(1, checked, () -> "what this runner knows of " + expectation);
    }

    private static void checkNear(String pointer, JsonNode found, JsonNode expected, double tolerance) {
        if (!expected.isArray()) {
            double off = Math.abs(found.asDouble() - expected.asDouble());
            assertTrue(found.isNumber() && off <= tolerance, () -> pointer + " is off by " + off);
            return;
        }
        assertEquals(expected.size(), found.size(), pointer);
        for (int index = 0; index < expected.size(); index++) {
            checkNear(pointer + "/" + index, found.get(index), expected.get(index), tolerance);
        }
    }

    private static double cosine(JsonNode one, JsonNode other) {
        assertEquals(one.size(), other.size());
        double product = 0;
        double square = 0;
        double otherSquare = 0;
        for (int index = 0; index < one.size(); index++) {
            double a = one.get(index).asDouble();
            double b = other.get(index).asDouble();
            product += a * b;
            square += a * a;
            otherSquare += b * b;
        }
        return product / Math.sqrt(square * otherSquare);
    }
}
