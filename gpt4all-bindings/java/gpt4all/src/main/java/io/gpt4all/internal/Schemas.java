package io.gpt4all.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.Description;
import io.gpt4all.InvalidArgumentException;
import io.gpt4all.JsonSchema;
import io.gpt4all.NotRequired;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** JSON Schemas of Java's types: records, enums, lists, maps with texts as keys, and plain values. */
public final class Schemas {
    /** How many bits they have; 0: any number. */
    private static final Map<Class<?>, Integer> INTEGERS = Map.of(
            int.class, Integer.SIZE,
            long.class, Long.SIZE,
            short.class, Short.SIZE,
            byte.class, Byte.SIZE,
            Integer.class, Integer.SIZE,
            Long.class, Long.SIZE,
            Short.class, Short.SIZE,
            Byte.class, Byte.SIZE,
            java.math.BigInteger.class, 0);

    private static final Set<Class<?>> NUMBERS =
            Set.of(double.class, float.class, Double.class, Float.class, java.math.BigDecimal.class);

    private final Map<Class<?>, String> names = new LinkedHashMap<>();
    private final ObjectNode definitions = JsonNodeFactory.instance.objectNode();

    private final boolean limited;

    private Schemas(boolean limited) {
        this.limited = limited;
    }

    /** The schema of a type. Raises InvalidArgumentException if there is none for it. */
    public static ObjectNode of(Type type) {
        return new Schemas(false).whole(type);
    }

    /**
     * As of(), with the least and the greatest numbers that the types hold. Not for tools, whose descriptions the model
     * reads.
     */
    public static ObjectNode withLimits(Type type) {
        return new Schemas(true).whole(type);
    }

    private ObjectNode whole(Type type) {
        ObjectNode schema = schema(type);
        if (type instanceof Class<?> record && record.isRecord()) {
            // the whole of the type itself, to which places within it may still refer
            schema = ((ObjectNode) definitions.get(names.get(record))).deepCopy();
        }
        if (schema.findValue("$ref") != null || definitions.findValue("$ref") != null) {
            schema.set("$defs", definitions);
        }
        return schema;
    }

    private ObjectNode schema(Type type) {
        return switch (type) {
            case Class<?> plain -> plain(plain);
            case ParameterizedType generic -> generic(generic);
            case WildcardType wildcard -> schema(wildcard.getUpperBounds()[0]);
            case GenericArrayType array -> list(array.getGenericComponentType());
            default -> throw unknown(type);
        };
    }

    private ObjectNode plain(Class<?> type) {
        if (type == String.class || type == char.class || type == Character.class) {
            return typed("string");
        }
        if (INTEGERS.containsKey(type)) {
            return integer(INTEGERS.get(type));
        }
        if (NUMBERS.contains(type)) {
            return typed("number");
        }
        if (type == boolean.class || type == Boolean.class) {
            return typed("boolean");
        }
        if (type.isEnum()) {
            ObjectNode schema = typed("string");
            ArrayNode values = schema.putArray("enum");
            for (Object constant : type.getEnumConstants()) {
                values.add(((Enum<?>) constant).name());
            }
            return schema;
        }
        if (type.isArray()) {
            return list(type.getComponentType());
        }
        if (type.isRecord()) {
            return record(type);
        }
        if (type == Object.class) {
            return JsonNodeFactory.instance.objectNode();
        }
        throw unknown(type);
    }

    private ObjectNode integer(int bits) {
        ObjectNode schema = typed("integer");
        if (limited && bits > 0) {
            long least = -1L << (bits - 1);
            schema.put("minimum", least).put("maximum", -1 - least);
        }
        return schema;
    }

    private ObjectNode generic(ParameterizedType type) {
        Class<?> raw = (Class<?>) type.getRawType();
        Type[] arguments = type.getActualTypeArguments();
        if (Collection.class.isAssignableFrom(raw)) {
            ObjectNode schema = list(arguments[0]);
            return Set.class.isAssignableFrom(raw) ? schema.put("uniqueItems", true) : schema;
        }
        if (Map.class.isAssignableFrom(raw) && arguments[0] == String.class) {
            ObjectNode schema = typed("object");
            schema.set("additionalProperties", schema(arguments[1]));
            return schema;
        }
        throw unknown(type);
    }

    private ObjectNode list(Type items) {
        ObjectNode schema = typed("array");
        schema.set("items", schema(items));
        return schema;
    }

    private ObjectNode record(Class<?> type) {
        if (!names.containsKey(type)) {
            String name = names.containsValue(type.getSimpleName()) ? type.getName() : type.getSimpleName();
            names.put(type, name);
            ObjectNode schema = definitions.putObject(name);
            schema.put("type", "object");
            describe(schema, type.getAnnotation(Description.class));
            ObjectNode properties = schema.putObject("properties");
            ArrayNode required = schema.putArray("required");
            for (RecordComponent component : type.getRecordComponents()) {
                ObjectNode member = schema(component.getGenericType());
                describe(member, component.getAnnotation(Description.class));
                add(member, component);
                properties.set(component.getName(), member);
                if (!mayBeMissing(component)) {
                    required.add(component.getName());
                }
            }
            schema.put("additionalProperties", false);
        }
        return JsonNodeFactory.instance.objectNode().put("$ref", "#/$defs/" + names.get(type));
    }

    private static void describe(ObjectNode schema, Description description) {
        if (description != null) {
            schema.put("description", description.value());
        }
    }

    private static boolean mayBeMissing(RecordComponent component) {
        boolean may = component.isAnnotationPresent(NotRequired.class);
        if (may && component.getType().isPrimitive()) {
            throw new InvalidArgumentException(
                    component + " is @NotRequired, but cannot be null; take the class that stands for its type");
        }
        return may;
    }

    private static void add(ObjectNode schema, RecordComponent component) {
        JsonSchema more = component.getAnnotation(JsonSchema.class);
        if (more == null) {
            return;
        }
        try {
            schema.setAll((ObjectNode) Json.MAPPER.readTree(more.value()));
        } catch (JsonProcessingException | ClassCastException error) {
            throw new InvalidArgumentException(
                    "the @JsonSchema of " + component + " is not a JSON object: " + more.value(), Map.of(), error);
        }
    }

    private static ObjectNode typed(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    private static InvalidArgumentException unknown(Type type) {
        return new InvalidArgumentException("there is no JSON Schema for " + type.getTypeName()
                + "; use records, enums, lists, maps with texts as keys, texts, numbers and booleans");
    }
}
