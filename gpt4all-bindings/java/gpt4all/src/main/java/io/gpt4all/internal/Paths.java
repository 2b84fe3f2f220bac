package io.gpt4all.internal;

import io.gpt4all.InvalidArgumentException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Names of files for C. */
final class Paths {
    private Paths() {}

    /** A path in UTF-8. Raises InvalidArgumentException for what is none. */
    static MemorySegment terminated(Arena arena, String path) {
        if (path.indexOf('\0') >= 0) {
            throw new InvalidArgumentException("a path cannot contain a NUL character: " + path.replace("\0", "\\0"));
        }
        return NativeLibrary.terminated(arena, path);
    }
}
