package io.gpt4all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Declarations;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.NativeLibrary;
import io.gpt4all.types.EventKind;
import io.gpt4all.types.LogLevel;
import io.gpt4all.types.Status;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

/** Writes what the binding declares, which the lane compares with the header. */
class DeclarationsTest {
    private static final Map<Class<?>, String> TYPES =
            Map.of(int.class, "i32", long.class, "i64", float.class, "f32", MemorySegment.class, "pointer");
    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

    @Test
    void whatIsDeclaredIsWrittenForTheComparisonWithTheHeader() throws IOException {
        ObjectNode declared = MAKE.objectNode().put("abi_version", Declarations.ABI_VERSION);
        ObjectNode functions = declared.putObject("functions");
        Declarations.FUNCTIONS.forEach((name, function) -> functions.set(name, signature(function)));
        declared.putObject("callbacks")
                .<ObjectNode>set("llmodel_log_fn", signature(Declarations.LLMODEL_LOG_FN))
                .set("llmodel_progress_fn", signature(Declarations.LLMODEL_PROGRESS_FN));
        declared.putObject("structs").set("llmodel_event", struct(Declarations.LLMODEL_EVENT));
        declared.putObject("enums")
                .<ObjectNode>set("llmodel_status", numbers(Status.values(), Status::value))
                .<ObjectNode>set("llmodel_event_kind", numbers(EventKind.values(), EventKind::value))
                .set("llmodel_log_level", numbers(LogLevel.values(), LogLevel::value));
        Path path = Corpus.CHECKOUT.resolve("build/java/gpt4all/declarations.json");
        Files.createDirectories(path.getParent());
        Files.writeString(path, Json.text(declared));
        assertEquals(Declarations.FUNCTIONS.size(), functions.size());
    }

    @Test
    void everyFunctionIsFoundInTheLibrary() {
        NativeLibrary library = NativeLibrary.load();
        Declarations.FUNCTIONS.keySet().forEach(name -> assertNotNull(library.function(name), name));
    }

    private static <E extends Enum<E>> ObjectNode numbers(E[] members, ToIntFunction<E> value) {
        ObjectNode numbers = MAKE.objectNode();
        for (E member : members) {
            numbers.put(member.name().toLowerCase(Locale.ROOT), value.applyAsInt(member));
        }
        return numbers;
    }

    private static String type(MemoryLayout layout) {
        return TYPES.get(((ValueLayout) layout).carrier());
    }

    private static ObjectNode signature(FunctionDescriptor function) {
        ObjectNode signature = MAKE.objectNode()
                .put(
                        "returns",
                        function.returnLayout().map(DeclarationsTest::type).orElse("void"));
        ArrayNode parameters = signature.putArray("parameters");
        function.argumentLayouts().forEach(layout -> parameters.add(type(layout)));
        return signature;
    }

    private static ArrayNode struct(StructLayout layout) {
        ArrayNode members = MAKE.arrayNode();
        layout.memberLayouts()
                .forEach(member ->
                        members.addArray().add(member.name().orElseThrow()).add(type(member)));
        return members;
    }
}
