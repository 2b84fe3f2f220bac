package io.gpt4all.internal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyName;
import com.fasterxml.jackson.databind.exc.InvalidDefinitionException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedMethod;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.InvalidArgumentException;
import io.gpt4all.NotRequired;
import io.gpt4all.types.JsonName;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** JSON as the C API takes and gives it. */
public final class Json {
    /** Reads and writes the generated records; a field that a newer library adds is ignored. */
    public static final JsonMapper MAPPER = base().annotationIntrospector(new Names())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Reads what a model wrote as an object of the caller's type, which has to have everything that is required. */
    public static final JsonMapper STRICT = base().annotationIntrospector(new Required())
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private Json() {}

    // The library has limits of its own, and says where they are exceeded.
    private static JsonMapper.Builder base() {
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(Integer.MAX_VALUE)
                        .maxStringLength(Integer.MAX_VALUE)
                        .maxNumberLength(Integer.MAX_VALUE)
                        .maxNameLength(Integer.MAX_VALUE)
                        .build())
                .streamWriteConstraints(StreamWriteConstraints.builder()
                        .maxNestingDepth(Integer.MAX_VALUE)
                        .build())
                .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
                .build();
        return JsonMapper.builder(factory)
                .defaultPropertyInclusion(
                        JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS));
    }

    /** A record of io.gpt4all.types, a map or a JSON node as a new JSON object. Raises InvalidArgumentException. */
    public static ObjectNode object(Object value) {
        JsonNode node = node(value);
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new InvalidArgumentException("a request is a JSON object, not " + node.getNodeType());
    }

    /** A value as JSON of its own. Raises InvalidArgumentException. */
    public static JsonNode node(Object value) {
        if (value instanceof JsonNode node) {
            return node.deepCopy();
        }
        try {
            return MAPPER.valueToTree(value);
        } catch (IllegalArgumentException | StackOverflowError error) {
            throw new InvalidArgumentException(
                    "the request cannot be written as JSON: " + error.getMessage(), Map.of(), error);
        }
    }

    /** UTF-8 with a NUL behind it. Raises InvalidArgumentException for texts that are not Unicode. */
    public static byte[] encode(JsonNode node) {
        String text;
        try {
            text = MAPPER.writeValueAsString(node);
        } catch (JsonProcessingException | StackOverflowError error) {
            throw new InvalidArgumentException(
                    "the request cannot be written as JSON: " + error.getMessage(), Map.of(), error);
        }
        return terminated(text);
    }

    /** UTF-8 with a NUL behind it. Raises InvalidArgumentException for texts that are not Unicode. */
    public static byte[] terminated(String text) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            return Arrays.copyOf(Arrays.copyOf(encoded.array(), encoded.limit()), encoded.limit() + 1);
        } catch (CharacterCodingException error) {
            throw new InvalidArgumentException(
                    "a text has a lone surrogate, and so is not Unicode text; it was probably read from bytes that are"
                            + " not UTF-8",
                    Map.of(),
                    error);
        }
    }

    /** JSON of the library as a record. */
    public static <T> T read(String json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException("the library gave JSON that is not a " + type.getSimpleName(), error);
        }
    }

    /** Raises InvalidArgumentException for a type of the caller's that no JSON can be read as. */
    public static void checkReadable(Class<?> type) {
        try {
            STRICT.readValue("{}", type);
        } catch (InvalidDefinitionException error) {
            throw new InvalidArgumentException(
                    type.getName() + " cannot be made from JSON; if it lies in a module, that must open its package to"
                            + " com.fasterxml.jackson.databind: " + error.getOriginalMessage(),
                    Map.of(),
                    error);
        } catch (JsonProcessingException error) {
            return; // members are missing, as they should be
        }
    }

    /** JSON of the library as a map. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(String json) {
        return read(json, Map.class);
    }

    /** JSON of the library as nodes. */
    public static JsonNode tree(String json) {
        return read(json, JsonNode.class);
    }

    /** What a model wrote as nodes, its numbers to the last digit. */
    public static JsonNode exact(String json) throws JsonProcessingException {
        return STRICT.reader()
                .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .readTree(json);
    }

    /** What a node is in JSON. */
    public static String text(JsonNode node) {
        try {
            return MAPPER.writeValueAsString(node);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }

    /** What a record is made from is required unless it says otherwise. */
    private static final class Required extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        public Boolean hasRequiredMarker(AnnotatedMember member) {
            boolean ours = member instanceof AnnotatedParameter && super.hasRequiredMarker(member) == null;
            return ours ? Boolean.valueOf(!member.hasAnnotation(NotRequired.class)) : super.hasRequiredMarker(member);
        }
    }

    /** The generated types say with an annotation of their own what they are called. */
    private static final class Names extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        private PropertyName named(Annotated member) {
            JsonName name = member.getAnnotation(JsonName.class);
            return name == null ? null : PropertyName.construct(name.value());
        }

        @Override
        public PropertyName findNameForSerialization(Annotated member) {
            PropertyName name = named(member);
            return name == null ? super.findNameForSerialization(member) : name;
        }

        @Override
        public PropertyName findNameForDeserialization(Annotated member) {
            PropertyName name = named(member);
            return name == null ? super.findNameForDeserialization(member) : name;
        }

        @Override
        public Boolean hasAsValue(Annotated member) {
            boolean ours = member instanceof AnnotatedMethod method
                    && method.getDeclaringClass().isEnum()
                    && method.getDeclaringClass().getPackage() == JsonName.class.getPackage()
                    && method.getName().equals("value");
            return ours ? Boolean.TRUE : super.hasAsValue(member);
        }
    }
}
