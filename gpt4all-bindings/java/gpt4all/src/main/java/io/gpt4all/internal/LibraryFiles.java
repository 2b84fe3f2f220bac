package io.gpt4all.internal;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where the library may lie. */
public final class LibraryFiles {
    private LibraryFiles() {}

    /** A place that is tried. */
    public interface Candidate {
        /** What the user is told of it. */
        String name();

        /** The file. Raises IOException if it cannot be had. */
        Path file() throws IOException;
    }

    record Given(Path path) implements Candidate {
        @Override
        public String name() {
            return path.toString();
        }

        @Override
        public Path file() {
            return Files.isDirectory(path) ? path.resolve(fileName()) : path;
        }
    }

    private record Packed(String platform) implements Candidate {
        @Override
        public String name() {
            return "the jar's " + PackedLibrary.folder(platform);
        }

        @Override
        public Path file() throws IOException {
            return PackedLibrary.unpacked(platform).resolve(fileName());
        }
    }

    /**
     * The environment variable GPT4ALL_LIBRARY (the file, or its folder) alone if that is set, otherwise the system
     * property gpt4all.library alone; otherwise what the jar has in it, and the output of `make build` in the checkout
     * that the classes lie in.
     */
    static List<Candidate> candidates() {
        String named = System.getenv("GPT4ALL_LIBRARY");
        if (named == null || named.isEmpty()) {
            named = System.getProperty("gpt4all.library", "");
        }
        if (!named.isEmpty()) {
            return List.of(new Given(Path.of(named).toAbsolutePath()));
        }
        List<Candidate> found = new ArrayList<>(List.of(new Packed(platform())));
        Path checkout = checkout();
        if (checkout != null) {
            found.add(new Given(
                    checkout.resolve("build").resolve("release").resolve("bin").resolve(fileName())));
        }
        return found;
    }

    /** What the library is called on this system. */
    static String fileName() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            return "llmodel.dll";
        }
        return system.startsWith("mac") ? "libllmodel.dylib" : "libllmodel.so";
    }

    /** The system and the kind of processor, as the folders of the jar are called: linux-x86_64. */
    static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String family = system.startsWith("windows") ? "windows" : system.startsWith("mac") ? "macos" : "linux";
        return family + "-" + (processor.equals("amd64") ? "x86_64" : processor);
    }

    /** The checkout whose build/ has the classes; null for those of a jar elsewhere. */
    private static Path checkout() {
        CodeSource source = LibraryFiles.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            return null;
        }
        try {
            for (Path at = Path.of(source.getLocation().toURI()); at != null; at = at.getParent()) {
                if (Files.isDirectory(at.resolve("gpt4all-bindings"))) {
                    return at;
                }
            }
        } catch (URISyntaxException | IllegalArgumentException | java.nio.file.FileSystemNotFoundException error) {
            return null; // the classes come from no file: an image of jlink, say
        }
        return null;
    }
}
