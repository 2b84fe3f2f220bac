package io.gpt4all.models;

import io.gpt4all.InvalidArgumentException;
import io.gpt4all.LLModelIOException;
import io.gpt4all.ModelNotFoundException;
import io.gpt4all.internal.Folders;
import io.gpt4all.models.Places.Lookup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What was downloaded: listing it, checking it, removing it, and clearing away what downloads left behind. */
final class Cache {
    private static final Pattern STATE_SUFFIX =
            Pattern.compile("(\\.archive)?(\\.part|\\.part\\.json|\\.extracted|\\.json|\\.lock)(\\.new)?$");

    private final Path folder;
    private final List<Path> tops;
    private final Path engineFolder;

    private Cache(Path folder, List<Path> tops, Path engineFolder) {
        this.folder = folder;
        this.tops = tops;
        this.engineFolder = engineFolder;
    }

    /** That of a folder; null is the user's, with the folder of older releases. */
    static Cache of(Path folder) {
        return folder == null ? of(Places.searched(), Folders.cache()) : new Cache(folder, List.of(folder), null);
    }

    /** That of several folders, and the one below which the engine keeps what it makes of models. */
    static Cache of(List<Path> tops, Path engineFolder) {
        return new Cache(null, tops, engineFolder);
    }

    List<CachedModel> list() {
        Map<Path, CachedModel> found = new TreeMap<>();
        for (Path top : tops.reversed()) { // what is in the first folder is what counts
            for (Path below : foldersOf(top)) {
                for (Path path : filesIn(below)) {
                    String name = path.getFileName().toString();
                    if ((name.endsWith(".gguf") || name.endsWith(".bin")) && Files.isRegularFile(path)) {
                        found.put(path, cached(path, top));
                    }
                }
            }
        }
        return found.values().stream()
                .sorted(Comparator.comparing(CachedModel::name, String.CASE_INSENSITIVE_ORDER))
                .toList();
    }

    private static CachedModel cached(Path path, Path top) {
        FileRecord record = FileRecord.of(path);
        CatalogueEntry entry = Catalogue.find(path.getFileName().toString());
        String known = record != null ? record.sha256() : entry != null ? entry.sha256() : null;
        String name = top.relativize(path).toString().replace('\\', '/');
        return new CachedModel(name, path, sizeOf(path), known, record == null ? null : record.source(), entry);
    }

    Verification verify(String name, Predicate<ProgressInfo> progress) {
        Path path = local(name);
        FileRecord record = FileRecord.of(path);
        CatalogueEntry entry = Catalogue.find(path.getFileName().toString());
        String algorithm = "sha256";
        String expected = record == null ? null : record.sha256();
        if (expected == null && entry != null) {
            boolean old = entry.sha256() == null && entry.md5() != null;
            algorithm = old ? "md5" : "sha256";
            expected = old ? entry.md5() : entry.sha256();
        }
        Reporter report = new Reporter(progress, path.getFileName().toString());
        try {
            String found = Hashes.ofFile(path, algorithm.equals("md5") ? "MD5" : "SHA-256", report);
            Boolean ok = expected == null ? null : Boolean.valueOf(found.equals(expected));
            return new Verification(path, ok, algorithm, expected, found);
        } catch (IOException error) {
            throw new LLModelIOException(
                    path + " cannot be read: " + error.getMessage(), Map.of("path", path.toString()), error);
        }
    }

    private Path local(String name) {
        Lookup found = Places.find(name, Reference.parse(name), folder);
        if (found.path() == null) {
            throw new ModelNotFoundException(
                    "there is no model '" + name + "' on this machine; looked in " + String.join(", ", found.tried()),
                    Map.of("tried", found.tried()),
                    null);
        }
        return found.path();
    }

    List<Path> remove(String name) {
        Path path = local(name);
        if (tops.stream().noneMatch(top -> isBelow(path, top))) {
            throw new InvalidArgumentException(
                    path + " is not in the cache (" + tops.getFirst() + "), so it stays",
                    Map.of("path", path.toString()),
                    null);
        }
        List<Path> paths = FileNames.split(path.getFileName().toString()).stream()
                .map(path::resolveSibling)
                .filter(Files::isRegularFile)
                .toList();
        paths.forEach(Cache::removeOne);
        return paths;
    }

    private static boolean isBelow(Path path, Path folder) {
        try {
            return path.toRealPath().startsWith(folder.toRealPath());
        } catch (IOException error) {
            return false;
        }
    }

    private static void removeOne(Path path) {
        try (DownloadLock lock = DownloadLock.now(path)) {
            if (lock == null) {
                throw new LLModelIOException(
                        path + " is being downloaded; stop the download first", Map.of("path", path.toString()), null);
            }
            StateFiles.checked(path, () -> {
                Files.delete(path);
                for (Path left : stateFiles(path.toAbsolutePath().getParent())
                        .getOrDefault(path.getFileName().toString(), List.of())) {
                    Files.deleteIfExists(left);
                }
                return null;
            });
        }
    }

    Pruned prune(Instant before) {
        Pruning pruning = new Pruning(before);
        for (Path top : tops) {
            foldersOf(top).forEach(pruning::downloads);
        }
        if (engineFolder != null) {
            Translations.stale(engineFolder.resolve("translated"), before).forEach(pruning::unlink);
            pruning.panels(engineFolder.resolve("panels"));
        }
        for (Path top : tops) {
            foldersOf(top).reversed().forEach(below -> Pruning.removeIfEmpty(below, top));
        }
        return pruning.result();
    }

    /** The files that downloads left in a folder, by the name of the model they are for. */
    static Map<String, List<Path>> stateFiles(Path folder) {
        Map<String, List<Path>> found = new TreeMap<>();
        for (Path path : filesIn(folder.resolve(StateFiles.FOLDER))) {
            String whole = path.getFileName().toString();
            String name = STATE_SUFFIX.matcher(whole).replaceFirst("");
            if (!name.equals(whole)) {
                found.computeIfAbsent(name, each -> new ArrayList<>()).add(path);
            }
        }
        return found;
    }

    /** The folders that downloads put models in: the top one, and those below hf and url. */
    private static List<Path> foldersOf(Path top) {
        List<Path> found = new ArrayList<>(List.of(top));
        for (String kind : List.of("hf", "url")) {
            addFolders(top.resolve(kind), found);
        }
        return found;
    }

    private static void addFolders(Path folder, List<Path> found) {
        if (Files.isDirectory(folder) && !folder.endsWith(StateFiles.FOLDER)) {
            found.add(folder);
            filesIn(folder).stream()
                    .filter(each -> !Files.isSymbolicLink(each))
                    .forEach(each -> addFolders(each, found));
        }
    }

    /** What is in a folder, by name; nothing for one that cannot be read. */
    static List<Path> filesIn(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException error) {
            return List.of();
        }
    }

    static long sizeOf(Path path) {
        try {
            return Files.size(path);
        } catch (IOException error) {
            return 0; // it has just been deleted
        }
    }
}
