package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.Schemas;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** JSON Schemas of Java's types. */
class SchemasTest {
    enum Size {
        SMALL,
        LARGE
    }

    record Wheel(double radius) {}

    @Description("A car.")
    record Car(
            @Description("Its maker.") String maker,
            int doors,
            boolean electric,
            Size size,
            List<Wheel> wheels,
            Map<String, Long> prices,
            String[] names) {}

    record Node(String name, List<Node> children) {}

    private static void same(String expected, Class<?> type) {
        assertEquals(Json.tree(expected), Json.tree(Json.text(Schemas.of(type))));
    }

    @Test
    void aRecordIsAnObjectWithAllItsComponents() {
        same("""
                {"type": "object", "description": "A car.", "properties": {
                   "maker": {"type": "string", "description": "Its maker."},
                   "doors": {"type": "integer"},
                   "electric": {"type": "boolean"},
                   "size": {"type": "string", "enum": ["SMALL", "LARGE"]},
                   "wheels": {"type": "array", "items": {"$ref": "#/$defs/Wheel"}},
                   "prices": {"type": "object", "additionalProperties": {"type": "integer"}},
                   "names": {"type": "array", "items": {"type": "string"}}},
                 "required": ["maker", "doors", "electric", "size", "wheels", "prices", "names"],
                 "additionalProperties": false,
                 "$defs": {
                   "Car": {"type": "object", "description": "A car.", "properties": {
                     "maker": {"type": "string", "description": "Its maker."},
                     "doors": {"type": "integer"},
                     "electric": {"type": "boolean"},
                     "size": {"type": "string", "enum": ["SMALL", "LARGE"]},
                     "wheels": {"type": "array", "items": {"$ref": "#/$defs/Wheel"}},
                     "prices": {"type": "object", "additionalProperties": {"type": "integer"}},
                     "names": {"type": "array", "items": {"type": "string"}}},
                     "required": ["maker", "doors", "electric", "size", "wheels", "prices", "names"],
                     "additionalProperties": false},
                   "Wheel": {"type": "object", "properties": {"radius": {"type": "number"}},
                     "required": ["radius"], "additionalProperties": false}}}
                """, Car.class);
    }

    @Test
    void aRecordMayHoldItself() {
        String node = """
                "type": "object",
                "properties": {
                  "name": {"type": "string"},
                  "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
                "required": ["name", "children"], "additionalProperties": false""";
        same("{" + node + ", \"$defs\": {\"Node\": {" + node + "}}}", Node.class);
    }

    @Test
    void plainTypesAreThemselves() {
        same("{\"type\": \"integer\"}", int.class);
        same("{\"type\": \"string\"}", String.class);
        same("{\"type\": \"array\", \"items\": {\"type\": \"number\"}}", double[].class);
        same(
                "{\"type\": \"object\", \"properties\": {\"radius\": {\"type\": \"number\"}}, \"required\": [\"radius\"],"
                        + " \"additionalProperties\": false}",
                Wheel.class);
    }

    @Test
    void setsHaveNoItemTwice() {
        record Colours(Set<String> all, List<String> some) {}
        assertEquals(
                Json.tree("{\"all\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"uniqueItems\": true},"
                        + " \"some\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}"),
                Json.tree(Json.text(Schemas.of(Colours.class).get("properties"))));
    }

    record Numbers(byte small, Short medium, long large, java.math.BigInteger any) {}

    @Test
    void integersHaveTheLimitsOfTheirTypes() {
        assertEquals(
                Json.tree("{\"small\": {\"type\": \"integer\", \"minimum\": -128, \"maximum\": 127},"
                        + " \"medium\": {\"type\": \"integer\", \"minimum\": -32768, \"maximum\": 32767},"
                        + " \"large\": {\"type\": \"integer\", \"minimum\": -9223372036854775808,"
                        + " \"maximum\": 9223372036854775807}, \"any\": {\"type\": \"integer\"}}"),
                Json.tree(Json.text(Schemas.withLimits(Numbers.class).get("properties"))));
        assertEquals(
                Json.tree("{\"type\": \"integer\", \"description\": \"How many.\", \"minimum\": 1, \"maximum\": 9}"),
                Json.tree(Json.text(Schemas.withLimits(Order.class).at("/properties/count"))));
    }

    record Order(
            @Description("How many.") @JsonSchema("{\"minimum\": 1, \"maximum\": 9}")
            int count) {}

    @Test
    void aComponentMayHaveFurtherKeywords() {
        same(
                "{\"type\": \"object\", \"properties\": {\"count\": {\"type\": \"integer\", \"description\": \"How many.\","
                        + " \"minimum\": 1, \"maximum\": 9}}, \"required\": [\"count\"], \"additionalProperties\": false}",
                Order.class);
        record Odd(@JsonSchema("[]") int count) {}
        record Broken(@JsonSchema("{") int count) {}
        for (Class<?> wrong : List.of(Odd.class, Broken.class)) {
            InvalidArgumentException error = assertThrows(InvalidArgumentException.class, () -> Schemas.of(wrong));
            assertTrue(error.getMessage().startsWith("the @JsonSchema of int count is not a JSON object"));
        }
    }

    record Trip(
            String to,
            @NotRequired Integer days,
            @NotRequired Size size) {
        Trip {
            days = days == null ? 7 : days;
        }
    }

    @Test
    void aComponentMayBeMissing() throws Exception {
        assertEquals(
                Json.tree("[\"to\"]"),
                Json.tree(Json.text(Schemas.of(Trip.class))).get("required"));
        assertEquals(new Trip("Rome", 7, null), Json.STRICT.readValue("{\"to\": \"Rome\"}", Trip.class));
        assertEquals(
                new Trip("Rome", 2, Size.SMALL),
                Json.STRICT.readValue("{\"size\": \"SMALL\", \"to\": \"Rome\", \"days\": 2}", Trip.class));
        for (String wrong : List.of("{}", "{\"days\": 2}", "{\"to\": \"Rome\", \"by\": \"car\"}")) {
            assertThrows(JsonProcessingException.class, () -> Json.STRICT.readValue(wrong, Trip.class), wrong);
        }
        record Odd(@NotRequired int count) {}
        InvalidArgumentException error = assertThrows(InvalidArgumentException.class, () -> Schemas.of(Odd.class));
        assertTrue(error.getMessage().startsWith("int count is @NotRequired, but cannot be null"), error.getMessage());
    }

    @Test
    void whatHasNoSchemaIsNamed() {
        record Odd(Set<Thread> threads) {}
        InvalidArgumentException error = assertThrows(InvalidArgumentException.class, () -> Schemas.of(Odd.class));
        assertEquals(
                "there is no JSON Schema for java.lang.Thread; use records, enums, lists, maps with texts as keys,"
                        + " texts, numbers and booleans",
                error.getMessage());
    }
}
