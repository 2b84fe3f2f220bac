package io.gpt4all.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.gpt4all.LLModelException;
import io.gpt4all.LibraryNotFoundException;
import io.gpt4all.types.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The loaded libllmodel: its functions, with statuses turned into exceptions. */
public final class NativeLibrary {
    private static final ReentrantLock LOADING = new ReentrantLock();
    private static volatile NativeLibrary loaded;

    private final Path path;
    private final Map<String, MethodHandle> functions = new HashMap<>();

    /** llmodel_next(), which is called for every event. */
    final MethodHandle next;

    /** A call of a function whose last parameter is an `llmodel_error **`. */
    @FunctionalInterface
    public interface Call {
        /** Gives the status. */
        int invoke(Arena arena, MemorySegment error) throws Throwable;
    }

    /** A call of a function whose last parameters are a `char **` for JSON and an `llmodel_error **`. */
    @FunctionalInterface
    public interface JsonCall {
        /** Gives the status. */
        int invoke(Arena arena, MemorySegment json, MemorySegment error) throws Throwable;
    }

    /** A call of a function that cannot fail. */
    @FunctionalInterface
    public interface Use<T> {
        /** Gives what the function does. */
        T invoke() throws Throwable;
    }

    private NativeLibrary(Path path) {
        this.path = path;
        SymbolLookup symbols = SymbolLookup.libraryLookup(path, Arena.global());
        Linker linker = Linker.nativeLinker();
        Declarations.FUNCTIONS.forEach((name, descriptor) -> functions.put(
                name,
                linker.downcallHandle(
                        symbols.find(name)
                                .orElseThrow(() -> new IllegalArgumentException("it has no function " + name)),
                        descriptor)));
        next = functions.get("llmodel_next");
        int version = use(() -> (int) function("llmodel_abi_version").invokeExact());
        if (version != Declarations.ABI_VERSION) {
            throw new IllegalArgumentException("it has version " + version + " of the interface, but "
                    + Declarations.ABI_VERSION + " is needed; use a library and a binding of the same release");
        }
    }

    /** The library, loaded at the first call. Raises LibraryNotFoundException with each place that was tried. */
    public static NativeLibrary load() {
        if (loaded == null) {
            LOADING.lock();
            try {
                if (loaded == null) {
                    loaded = loadFirst(LibraryFiles.candidates());
                }
            } finally {
                LOADING.unlock();
            }
        }
        return loaded;
    }

    /** Loads the first that can be. Raises LibraryNotFoundException. */
    static NativeLibrary loadFirst(List<LibraryFiles.Candidate> candidates) {
        List<String> refused = new ArrayList<>();
        for (LibraryFiles.Candidate candidate : candidates) {
            try {
                Path path = candidate.file();
                if (Files.isRegularFile(path)) {
                    return new NativeLibrary(path);
                }
                refused.add(candidate.name() + ": no such file");
            } catch (java.io.IOException | IllegalArgumentException error) {
                refused.add(candidate.name() + ": " + error.getMessage());
            } catch (IllegalCallerException error) {
                Module module = NativeLibrary.class.getModule();
                refused.add(candidate.name() + ": " + error.getMessage() + ": start Java with --enable-native-access="
                        + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
            }
        }
        throw new LibraryNotFoundException(
                "libllmodel was not found. Tried " + String.join("; ", refused)
                        + ". Use a jar that has the library for this system in it, build it with `make build`, or name"
                        + " the file in the environment variable GPT4ALL_LIBRARY or in the system property"
                        + " gpt4all.library.",
                Map.of("tried", refused),
                null);
    }

    /** Where it was loaded from. */
    public Path path() {
        return path;
    }

    /** A function by its name in the header. */
    public MethodHandle function(String name) {
        return functions.get(name);
    }

    /** Calls what cannot fail. */
    public static <T> T use(Use<T> call) {
        try {
            return call.invoke();
        } catch (RuntimeException | Error error) {
            throw error;
        } catch (Throwable error) {
            throw new IllegalStateException(error);
        }
    }

    /** Raises LLModelException if the function fails. */
    public void call(Call call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment error = arena.allocate(ADDRESS);
            int status = use(() -> call.invoke(arena, error));
            if (status != Status.OK.value()) {
                throw failure(status, error);
            }
        }
    }

    /** The JSON that a function gives. Raises LLModelException if it fails. */
    public String json(JsonCall call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment json = arena.allocate(ADDRESS);
            MemorySegment error = arena.allocate(ADDRESS);
            int status = use(() -> call.invoke(arena, json, error));
            if (status != Status.OK.value()) {
                throw failure(status, error);
            }
            MemorySegment owned = json.get(ADDRESS, 0);
            try {
                return text(owned);
            } finally {
                release("llmodel_string_free", owned);
            }
        }
    }

    /** What a status stands for; takes over the error object in the `llmodel_error **`. */
    LLModelException failure(int code, MemorySegment error) {
        MemorySegment owned = error.get(ADDRESS, 0);
        error.set(ADDRESS, 0, MemorySegment.NULL);
        Status status = statusOf(code);
        if (owned.equals(MemorySegment.NULL)) {
            return LLModelException.of(
                    status, "the library failed with status " + code + " and gave no message", Map.of());
        }
        try {
            String message = text(
                    use(() -> (MemorySegment) function("llmodel_error_message").invokeExact(owned)));
            String detail = text(
                    use(() -> (MemorySegment) function("llmodel_error_detail").invokeExact(owned)));
            return LLModelException.of(status, message, Json.map(detail));
        } finally {
            release("llmodel_error_free", owned);
        }
    }

    private static Status statusOf(int code) {
        for (Status status : Status.values()) {
            if (status.value() == code) {
                return status;
            }
        }
        return Status.INTERNAL;
    }

    /** Calls a function that only takes a handle or memory of the library. */
    public void release(String name, MemorySegment handle) {
        MethodHandle function = function(name);
        use(() -> {
            function.invokeExact(handle);
            return null;
        });
    }

    /** The text that a function without parameters gives. */
    public String constant(String name) {
        MethodHandle function = function(name);
        return text(use(() -> (MemorySegment) function.invokeExact()));
    }

    /** A text of C. */
    public static String text(MemorySegment pointer) {
        return pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** A text for C. Raises InvalidArgumentException if it is not Unicode. */
    public static MemorySegment terminated(Arena arena, String text) {
        return bytes(arena, Json.terminated(text));
    }

    /** Bytes for C. */
    public static MemorySegment bytes(Arena arena, byte[] bytes) {
        return arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_BYTE, bytes);
    }
}
