package io.gpt4all.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** An `llmodel_model *`. */
public final class NativeModel {
    // A program that ends with models open ends their threads before the library's memory goes.
    private static final Set<NativeModel> OPEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(NativeModel::closeAll, "gpt4all-shutdown"));
    }

    private final NativeLibrary library;
    private final MemorySegment handle;
    private final AtomicBoolean closed = new AtomicBoolean();

    private NativeModel(NativeLibrary library, MemorySegment handle) {
        this.library = library;
        this.handle = handle;
        OPEN.add(this);
    }

    /** Opens a file. Raises LLModelException, and what `progress` raises. */
    public static NativeModel open(NativeLibrary library, String path, byte[] options, ProgressCall progress) {
        MemorySegment[] made = {MemorySegment.NULL};
        progress.around(callback -> library.call((arena, error) -> {
            MemorySegment cell = arena.allocate(ADDRESS);
            int status = (int) library.function("llmodel_open")
                    .invokeExact(
                            Paths.terminated(arena, path),
                            NativeLibrary.bytes(arena, options),
                            callback,
                            MemorySegment.NULL,
                            cell,
                            error);
            made[0] = cell.get(ADDRESS, 0);
            return status;
        }));
        return new NativeModel(library, made[0]);
    }

    private static void closeAll() {
        if (!OPEN.isEmpty()) {
            Logs.stop();
        }
        OPEN.forEach(NativeModel::close);
    }

    /** Its library. */
    public NativeLibrary library() {
        return library;
    }

    /** The handle, which the library knows to be closed if it is. */
    public MemorySegment handle() {
        return handle;
    }

    /** Whether close() was called. */
    public boolean closed() {
        return closed.get();
    }

    /** Ends everything and releases it. Safe at any time, and more than once. */
    public void close() {
        if (closed.compareAndSet(false, true)) {
            library.release("llmodel_close", handle);
            OPEN.remove(this);
        }
    }

    /** Calls llmodel_info(). */
    public String info() {
        return library.json(
                (arena, json, error) -> (int) library.function("llmodel_info").invokeExact(handle, json, error));
    }

    /** Calls llmodel_save_state() or llmodel_restore_state(). */
    public String state(String function, String path, byte[] request) {
        return library.json((Arena arena, MemorySegment json, MemorySegment error) -> (int) library.function(function)
                .invokeExact(handle, Paths.terminated(arena, path), NativeLibrary.bytes(arena, request), json, error));
    }
}
