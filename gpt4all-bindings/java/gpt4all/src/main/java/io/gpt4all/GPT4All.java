package io.gpt4all;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.Logs;
import io.gpt4all.internal.NativeFiles;
import io.gpt4all.internal.NativeLibrary;
import io.gpt4all.internal.ProgressCall;
import io.gpt4all.internal.Waiters;
import io.gpt4all.models.Models;
import io.gpt4all.types.BuildInfo;
import io.gpt4all.types.ConvertOptions;
import io.gpt4all.types.ConvertResult;
import io.gpt4all.types.DevicesResult;
import io.gpt4all.types.ImatrixOptions;
import io.gpt4all.types.ImatrixResult;
import io.gpt4all.types.InspectResult;
import io.gpt4all.types.LogLevel;
import io.gpt4all.types.OpenOptions;
import io.gpt4all.types.QuantizeOptions;
import io.gpt4all.types.QuantizeResult;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;

/** Opens models by name, and what needs no open model. Every method raises LLModelException. */
public final class GPT4All {
    private GPT4All() {}

    /** Opens a model: the path of a GGUF file, a name of the catalogue, or hf://owner/repo/file, downloaded if needed. */
    public static Model load(String name) {
        return load(name, options -> {});
    }

    /** As load(), with options such as {@code options -> options.nCtx(4096)}. */
    public static Model load(String name, Consumer<OpenOptions.Builder> options) {
        return Model.open(Models.resolve(name), options);
    }

    /** Reads a model's metadata but not its weights, and estimates the memory needed to open it with the options. */
    public static InspectResult inspect(Path path, Consumer<OpenOptions.Builder> options) {
        OpenOptions.Builder builder = OpenOptions.builder();
        options.accept(builder);
        return Json.read(inspect(path.toString(), Json.object(builder.build())), InspectResult.class);
    }

    static String inspect(String path, ObjectNode options) {
        byte[] given = Json.encode(Models.withAdvice(path, options));
        return Waiters.call(() -> NativeFiles.inspect(path, given));
    }

    /** The usable devices, and every backend found, with the reason if it was refused. */
    public static DevicesResult devices() {
        return Json.read(Waiters.call(NativeFiles::devices), DevicesResult.class);
    }

    /**
     * Writes a model in another type, such as {@code options -> options.type("Q4_K_M")}. The file appears only
     * when it is complete.
     *
     * @param path the model
     * @param outPath the file to write
     * @param options sets options
     * @param progress as for Model.open(); may be null
     */
    public static QuantizeResult quantize(
            Path path, Path outPath, Consumer<QuantizeOptions.Builder> options, DoublePredicate progress) {
        QuantizeOptions.Builder builder = QuantizeOptions.builder();
        options.accept(builder);
        return Json.read(
                write("llmodel_quantize", path.toString(), outPath.toString(), Json.object(builder.build()), progress),
                QuantizeResult.class);
    }

    /**
     * Measures how much each column of a model's weights matters, for the option imatrix of quantize(): over the option
     * text, or a UTF-8 file. The file appears only when it is complete. Parameters are as for quantize().
     */
    public static ImatrixResult imatrix(
            Path path, Path outPath, Consumer<ImatrixOptions.Builder> options, DoublePredicate progress) {
        ImatrixOptions.Builder builder = ImatrixOptions.builder();
        options.accept(builder);
        return Json.read(
                write("llmodel_imatrix", path.toString(), outPath.toString(), Json.object(builder.build()), progress),
                ImatrixResult.class);
    }

    /**
     * Writes a model of a format of 2023 (ggml, ggmf, ggjt, ggmm, or GGUF of "gptj") as GGUF. Model.open() also opens
     * such files, through a translation in its cache. Parameters are as for quantize().
     */
    public static ConvertResult convert(
            Path path, Path outPath, Consumer<ConvertOptions.Builder> options, DoublePredicate progress) {
        ConvertOptions.Builder builder = ConvertOptions.builder();
        options.accept(builder);
        return Json.read(
                write("llmodel_convert", path.toString(), outPath.toString(), Json.object(builder.build()), progress),
                ConvertResult.class);
    }

    static String write(String function, String path, String outPath, ObjectNode options, DoublePredicate progress) {
        byte[] given = Json.encode(options);
        ProgressCall listener = new ProgressCall(progress);
        return Waiters.call(() -> NativeFiles.write(function, path, outPath, given, listener), listener::stop);
    }

    /** Version, llama.cpp release, compiler and flags of the library. */
    public static BuildInfo buildInfo() {
        return Json.read(NativeLibrary.load().constant("llmodel_build_info"), BuildInfo.class);
    }

    /** The JSON Schema of all options, request and result objects, under "$defs". */
    public static Map<String, Object> schema() {
        return Json.map(NativeLibrary.load().constant("llmodel_schema"));
    }

    /**
     * Sends the messages of the library and of this package, up to a level, to a listener; LogLevel.NONE, as at the
     * beginning, silences them. The listener is called on any thread and by several at once, and must not use a model;
     * what it raises goes to the thread's uncaught-exception handler.
     */
    public static void setLog(LogLevel level, BiConsumer<LogLevel, String> listener) {
        Logs.set(Objects.requireNonNull(level, "level"), listener);
    }
}
