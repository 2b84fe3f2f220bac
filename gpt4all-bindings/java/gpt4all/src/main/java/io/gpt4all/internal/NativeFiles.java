package io.gpt4all.internal;

import java.lang.foreign.MemorySegment;

/** Functions of the library that need no open model. */
public final class NativeFiles {
    private NativeFiles() {}

    /** Calls llmodel_devices(). */
    public static String devices() {
        NativeLibrary library = NativeLibrary.load();
        return library.json((arena, json, error) ->
                (int) library.function("llmodel_devices").invokeExact(json, error));
    }

    /** Calls llmodel_inspect(). */
    public static String inspect(String path, byte[] options) {
        NativeLibrary library = NativeLibrary.load();
        return library.json((arena, json, error) -> (int) library.function("llmodel_inspect")
                .invokeExact(Paths.terminated(arena, path), NativeLibrary.bytes(arena, options), json, error));
    }

    /** Calls llmodel_quantize(), llmodel_imatrix() or llmodel_convert(), which make one file of another. */
    public static String write(String function, String path, String outPath, byte[] options, ProgressCall progress) {
        NativeLibrary library = NativeLibrary.load();
        String[] made = new String[1];
        progress.around(callback -> made[0] = library.json((arena, json, error) -> (int) library.function(function)
                .invokeExact(
                        Paths.terminated(arena, path),
                        Paths.terminated(arena, outPath),
                        NativeLibrary.bytes(arena, options),
                        callback,
                        MemorySegment.NULL,
                        json,
                        error)));
        return made[0];
    }
}
