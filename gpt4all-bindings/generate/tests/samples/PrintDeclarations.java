import io.gpt4all.internal.Declarations;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.util.Map;
import java.util.stream.Collectors;

/** Prints what is declared as JSON, for `python -m generate --compare`. */
final class PrintDeclarations {
    static final Map<String, String> TYPES =
            Map.of("int", "i32", "long", "i64", "float", "f32", "interface java.lang.foreign.MemorySegment", "pointer");

    static String type(MemoryLayout layout) {
        return '"' + TYPES.get(((java.lang.foreign.ValueLayout) layout).carrier().toString()) + '"';
    }

    static String signature(String name, FunctionDescriptor function) {
        String returned = function.returnLayout().map(PrintDeclarations::type).orElse("\"void\"");
        String parameters = function.argumentLayouts().stream().map(PrintDeclarations::type)
                .collect(Collectors.joining(",", "[", "]"));
        return "\"" + name + "\":{\"returns\":" + returned + ",\"parameters\":" + parameters + "}";
    }

    static String struct(String name, StructLayout layout) {
        String members = layout.memberLayouts().stream()
                .map(each -> "[\"" + each.name().orElseThrow() + "\"," + type(each) + "]")
                .collect(Collectors.joining(",", "[", "]"));
        return "\"" + name + "\":" + members;
    }

    public static void main(String[] arguments) {
        String functions = Declarations.FUNCTIONS.entrySet().stream()
                .map(each -> signature(each.getKey(), each.getValue())).collect(Collectors.joining(","));
        System.out.println("{\"abi_version\":" + Declarations.ABI_VERSION + ",\"functions\":{" + functions
                + "},\"callbacks\":{" + signature("llmodel_progress_fn", Declarations.LLMODEL_PROGRESS_FN) + ","
                + signature("llmodel_log_fn", Declarations.LLMODEL_LOG_FN) + "},\"structs\":{"
                + struct("llmodel_event", Declarations.LLMODEL_EVENT) + "}}");
    }
}
