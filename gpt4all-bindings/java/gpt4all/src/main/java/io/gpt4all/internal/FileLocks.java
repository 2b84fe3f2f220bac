package io.gpt4all.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Locks that all bindings understand: flock() where there is one, and on Windows a lock on the first byte.
 *
 * <p>Java's own locks are those of fcntl(), which do not see flock(), and belong to the process and not to the file that
 * was opened.
 */
public final class FileLocks {
    private static final int READ_WRITE = 2;
    private static final int EXCLUSIVE_NOW = 2 | 4;

    private FileLocks() {}

    /** A lock that is held. */
    @FunctionalInterface
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Takes the lock; null if someone has it. Makes the file if need be. */
    public static Held tryLock(Path path) throws IOException {
        return LibraryFiles.platform().startsWith("windows") ? onWindows(path) : Posix.tryLock(path);
    }

    private static Held onWindows(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock(0, 1, false);
            if (lock != null) {
                return () -> close(channel);
            }
        } catch (OverlappingFileLockException error) {
            // another thread of ours has it
        }
        channel.close();
        return null;
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }

    private static final class Posix {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final MethodHandle OPEN =
                function("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
        private static final MethodHandle FLOCK =
                function("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

        private static MethodHandle function(String name, FunctionDescriptor descriptor, Linker.Option... options) {
            return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), descriptor, options);
        }

        static Held tryLock(Path path) throws IOException {
            if (!Files.exists(path)) {
                try {
                    Files.createFile(path);
                } catch (java.nio.file.FileAlreadyExistsException error) {
                    // another process was quicker
                }
            }
            Object file = identity(path);
            int descriptor = opened(path);
            int taken = NativeLibrary.use(() -> (int) FLOCK.invokeExact(descriptor, EXCLUSIVE_NOW));
            if (taken == 0 && file != null && file.equals(identity(path))) {
                return () -> closed(descriptor);
            }
            closed(descriptor); // another process has it, or has just deleted it
            return null;
        }

        /** What tells files apart that have the same name one after the other. */
        private static Object identity(Path path) throws IOException {
            try {
                return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            } catch (NoSuchFileException error) {
                return null;
            }
        }

        private static int opened(Path path) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                int descriptor = NativeLibrary.use(
                        () -> (int) OPEN.invokeExact(Paths.terminated(arena, path.toString()), READ_WRITE));
                if (descriptor < 0) {
                    throw new IOException(path + " cannot be opened");
                }
                return descriptor;
            }
        }

        private static int closed(int descriptor) {
            return NativeLibrary.use(() -> (int) CLOSE.invokeExact(descriptor));
        }
    }
}
