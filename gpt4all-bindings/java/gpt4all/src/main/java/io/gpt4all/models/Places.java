package io.gpt4all.models;

import io.gpt4all.InvalidArgumentException;
import io.gpt4all.internal.Folders;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Where models lie on this machine, and finding one there. Never touches the network. */
final class Places {
    private Places() {}

    static Path models() {
        return Folders.cache().resolve("models");
    }

    /** Where bare file names are looked up: models(), and the folder that older releases used. */
    static List<Path> searched() {
        Path older = Folders.home().resolve(".cache").resolve("gpt4all");
        return List.copyOf(new LinkedHashSet<>(List.of(models(), Folders.cache(), older)));
    }

    /**
     * What was found.
     *
     * @param path null if there is no such file
     * @param tried every path that was tried
     */
    record Lookup(Path path, List<String> tried) {}

    /**
     * The file that a name stands for. A path stands for itself. A bare name is looked for in the folder, then as a path,
     * then where downloads go, each time also with ".gguf" behind it and by the catalogue's file name.
     */
    static Lookup find(String name, Reference reference, Path folder) {
        List<String> tried = new ArrayList<>();
        for (Path path : candidates(name, reference, folder)) {
            tried.add(path.toString());
            if (Files.isRegularFile(path)) {
                return new Lookup(path, tried);
            }
        }
        return new Lookup(null, tried);
    }

    static boolean isFolder(String name) {
        try {
            return Files.isDirectory(Folders.expanded(name));
        } catch (InvalidPathException error) {
            return false;
        }
    }

    private static Set<Path> candidates(String name, Reference reference, Path folder) {
        Set<Path> found = new LinkedHashSet<>();
        List<Path> places = new ArrayList<>(searched());
        if (folder != null) {
            places.addFirst(folder);
        }
        if (name.contains("://")) {
            places.forEach(place -> found.add(place.resolve(reference.relative())));
            return found;
        }
        try {
            Path given = Folders.expanded(name);
            boolean inside =
                    !given.isAbsolute() && !List.of(name.split("[/\\\\]")).contains("..");
            List<String> names =
                    name.endsWith(".gguf") || name.endsWith(".bin") ? List.of(name) : List.of(name, name + ".gguf");
            if (folder != null && inside) {
                names.forEach(each -> found.add(folder.resolve(each)));
            }
            found.add(given);
            for (Path place : inside ? places : List.<Path>of()) {
                names.forEach(each -> found.add(place.resolve(each)));
                if (reference != null) {
                    found.add(place.resolve(reference.relative()));
                }
            }
        } catch (InvalidPathException error) {
            throw new InvalidArgumentException("'" + name.replace("\0", "\\0") + "' is not a path", Map.of(), error);
        }
        return found;
    }
}
