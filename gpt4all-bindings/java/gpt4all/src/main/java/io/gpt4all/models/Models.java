package io.gpt4all.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.InvalidArgumentException;
import io.gpt4all.ModelNotFoundException;
import io.gpt4all.internal.Folders;
import io.gpt4all.internal.Json;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds and downloads models, in the cache that all languages share. Every method raises LLModelException. Where
 * `progress` may be given it is called with how far the download is, and ends it by returning false; it may be null.
 */
public final class Models {
    private Models() {}

    /** Every model that this release can fetch by name. Needs no network. */
    public static List<CatalogueEntry> catalogue() {
        return Catalogue.ENTRIES;
    }

    /** The entry of that file name, with or without ".gguf", name or alias; null if there is none. */
    public static CatalogueEntry find(String name) {
        return Catalogue.find(name);
    }

    /** The folder that models are downloaded into: models/ in $GPT4ALL_CACHE or ~/.cache/gpt4all. */
    public static Path modelsFolder() {
        return Folders.cache().resolve("models");
    }

    /** As resolve(name, environment(), null). */
    public static Path resolve(String name) {
        return resolve(name, Settings.environment(), null);
    }

    /**
     * The file of the model that a name stands for; it is downloaded if it is not on this machine.
     *
     * @param name a path; the name of a file in the cache, with or without ".gguf"; a name or alias from the catalogue;
     *     hf://owner/repo/file[@revision]; or an https:// address
     * @param settings how to download
     * @param progress see above
     */
    public static Path resolve(String name, Settings settings, Predicate<ProgressInfo> progress) {
        Reference reference = Reference.parse(name);
        Set<Path> tried = candidates(name, reference);
        for (Path path : tried) {
            if (Files.isRegularFile(path)) {
                return path;
            }
        }
        if (reference == null) {
            List<String> looked = tried.stream().map(Path::toString).toList();
            throw new ModelNotFoundException(
                    "there is no model '" + name + "'; looked in " + String.join(", ", looked),
                    Map.of("tried", looked),
                    null);
        }
        return pull(reference, settings, progress, false);
    }

    private static Set<Path> candidates(String name, Reference reference) {
        Set<Path> found = new LinkedHashSet<>();
        List<Path> folders = List.of(
                modelsFolder(),
                Folders.cache(),
                Folders.home().resolve(".cache").resolve("gpt4all"));
        if (name.contains("://")) {
            folders.forEach(folder -> found.add(folder.resolve(reference.relative())));
            return found;
        }
        try {
            Path given = Folders.expanded(name);
            found.add(given);
            boolean inside = !given.isAbsolute() && !given.toString().contains("..");
            for (Path folder : inside ? folders : List.<Path>of()) {
                found.add(folder.resolve(given));
                if (!name.endsWith(".gguf") && !name.endsWith(".bin")) {
                    found.add(folder.resolve(name + ".gguf"));
                }
                if (reference != null) {
                    found.add(folder.resolve(reference.relative()));
                }
            }
        } catch (InvalidPathException error) {
            throw new InvalidArgumentException("'" + name.replace("\0", "\\0") + "' is not a path", Map.of(), error);
        }
        return found;
    }

    /**
     * Downloads a model, unless a valid file of it exists, and returns its path. All parts of a split model are fetched,
     * and the first is returned. Several processes may do so at once: one downloads and the others wait.
     *
     * @param name a name from the catalogue, hf://owner/repo/file[@revision] or an https:// address
     * @param settings how to download
     * @param progress see above
     * @param force download it even if it exists
     */
    public static Path pull(String name, Settings settings, Predicate<ProgressInfo> progress, boolean force) {
        Reference reference = Reference.parse(name);
        if (reference == null) {
            throw new ModelNotFoundException("there is no model '" + name + "'");
        }
        return pull(reference, settings, progress, force);
    }

    private static Path pull(Reference reference, Settings settings, Predicate<ProgressInfo> progress, boolean force) {
        List<Path> paths = new ArrayList<>();
        for (Reference part : reference.parts()) {
            Path path = modelsFolder().resolve(part.relative());
            get(part, Wanted.of(path, part.entry(), null, null, null), settings, progress, force);
            paths.add(path);
        }
        return paths.getFirst();
    }

    /** What is to be downloaded, besides its address: null for what is not known. */
    public record Expected(Long size, String sha256, String md5) {
        /** Nothing is known. */
        public static final Expected NOTHING = new Expected(null, null, null);
    }

    /**
     * Downloads one file to a path of your choice, unless a valid file exists there, and returns the path.
     *
     * @param address https://…, hf://owner/repo/file[@revision], or a name from the catalogue
     * @param path where to
     * @param expected what is checked before the file gets its final name
     * @param settings how to download
     * @param progress see above
     * @param force download it even if it exists
     */
    public static Path download(
            String address,
            Path path,
            Expected expected,
            Settings settings,
            Predicate<ProgressInfo> progress,
            boolean force) {
        FileNames.safe(path.getFileName().toString());
        Reference reference = Reference.parse(address);
        if (reference == null) {
            throw new ModelNotFoundException("there is no model '" + address + "'");
        }
        Wanted wanted = Wanted.of(path, reference.entry(), expected.size(), expected.sha256(), expected.md5());
        get(reference, wanted, settings, progress, force);
        return path;
    }

    /** Sees that one file is there. */
    static void get(
            Reference reference, Wanted wanted, Settings settings, Predicate<ProgressInfo> progress, boolean force) {
        Reporter report = new Reporter(progress, wanted.path().getFileName().toString());
        // Before the lock is taken, since the folder may be one that cannot be written to.
        if (!force && wanted.isThere(report)) {
            return;
        }
        if (settings.offline()) {
            throw new DownloadException(
                    DownloadException.Kind.OFFLINE,
                    wanted.path() + " does not exist, and downloads are switched off; unset GPT4ALL_OFFLINE and"
                            + " HF_HUB_OFFLINE, or put the file there",
                    Map.of("path", wanted.path().toString()),
                    null);
        }
        new Download(reference, wanted, settings, report).run(force);
    }

    /** The options, with the sampling that the catalogue knows the model's makers to advise, by its file's name. */
    public static ObjectNode withAdvice(String path, ObjectNode options) {
        CatalogueEntry entry =
                Catalogue.find(path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1));
        if (entry == null || entry.sampling().isEmpty() || options.has("catalogue_sampling")) {
            return options;
        }
        ObjectNode whole = options.deepCopy();
        whole.set("catalogue_sampling", Json.node(entry.sampling()));
        return whole;
    }
}
