package io.gpt4all.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.ModelNotFoundException;
import io.gpt4all.internal.Folders;
import io.gpt4all.internal.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Finds and downloads models, in the cache that all languages share. Every method raises LLModelException. Where
 * `progress` may be given it is called with how far the download is, and ends it by returning false; it may be null.
 */
public final class Models {
    /** The model that commands take where none is named. */
    public static final String DEFAULT_MODEL = "SmolLM2-135M-Instruct-Q4_1.gguf";

    /** The model that commands take where none for embeddings is named. */
    public static final String DEFAULT_EMBEDDING_MODEL = "all-MiniLM-L6-v2.gguf2.f16.gguf";

    private Models() {}

    /** Every model that this release can fetch by name. Needs no network. */
    public static List<CatalogueEntry> catalogue() {
        return Catalogue.ENTRIES;
    }

    /** The entry of that file name, with or without ".gguf", name or alias; null if there is none. */
    public static CatalogueEntry find(String name) {
        return Catalogue.find(name);
    }

    /** The folder for everything kept for the user: $GPT4ALL_CACHE, or ~/.cache/gpt4all. */
    public static Path cacheFolder() {
        return Folders.cache();
    }

    /** The folder that models are downloaded into: models/ in $GPT4ALL_CACHE or ~/.cache/gpt4all. */
    public static Path modelsFolder() {
        return Places.models();
    }

    /** As resolve(name, environment(), null). */
    public static Path resolve(String name) {
        return resolve(name, Settings.environment(), null);
    }

    /** As resolve(name, null, true, settings, progress). */
    public static Path resolve(String name, Settings settings, Predicate<ProgressInfo> progress) {
        return resolve(name, null, true, settings, progress);
    }

    /**
     * The file of the model that a name stands for; it is downloaded if it is not on this machine and that is allowed. An
     * existing file is used as it is; verify() checks it. Raises ModelNotFoundException, which lists where it looked.
     *
     * @param name a path; the name of a file in the folder or in the cache, with or without ".gguf"; a name or alias from
     *     the catalogue; hf://owner/repo/file[@revision]; or an https:// address
     * @param folder where to look first, and where to put what is downloaded; null is modelsFolder()
     * @param allowDownload whether to download at all
     * @param settings how to download
     * @param progress see above
     */
    public static Path resolve(
            String name, Path folder, boolean allowDownload, Settings settings, Predicate<ProgressInfo> progress) {
        Reference reference = Reference.parse(name);
        Places.Lookup found = Places.find(name, reference, folder);
        if (found.path() != null) {
            return found.path();
        }
        if (reference != null && allowDownload) {
            return pull(reference, folder, null, settings, progress, false);
        }
        throw notFound(name, found.tried(), reference);
    }

    private static ModelNotFoundException notFound(String name, List<String> tried, Reference reference) {
        String looked = tried.isEmpty() ? "" : "; looked in " + String.join(", ", tried);
        String advice = Places.isFolder(name)
                ? ". This is a folder: name the .gguf file in it, or make one of a folder of Hugging Face's with GPT4All for"
                        + " Python: `pip install gpt4all` and `gpt4all convert`"
                : Nearly.didYouMean(name);
        String message = reference != null
                ? "'" + name + "' is not on this machine, and may not be downloaded" + looked
                : "there is no model '" + name + "'" + looked + advice;
        return new ModelNotFoundException(message, Map.of("tried", tried), null);
    }

    /** As pull(name, null, null, settings, progress, force). */
    public static Path pull(String name, Settings settings, Predicate<ProgressInfo> progress, boolean force) {
        return pull(name, null, null, settings, progress, force);
    }

    /**
     * Downloads a model, unless a valid file of it exists, and returns its path. All parts of a split model are fetched,
     * and the first is returned. Several processes may do so at once: one downloads and the others wait.
     *
     * @param name a name from the catalogue, hf://owner/repo/file[@revision] or an https:// address
     * @param folder where to put it, created if needed; null is modelsFolder()
     * @param sha256 what the file at an address must have; null if it is not known
     * @param settings how to download
     * @param progress see above
     * @param force download it even if it exists
     */
    public static Path pull(
            String name,
            Path folder,
            String sha256,
            Settings settings,
            Predicate<ProgressInfo> progress,
            boolean force) {
        Reference reference = Reference.parse(name);
        if (reference == null) {
            throw notFound(name, List.of(), null);
        }
        return pull(reference, folder, sha256, settings, progress, force);
    }

    private static Path pull(
            Reference reference,
            Path folder,
            String sha256,
            Settings settings,
            Predicate<ProgressInfo> progress,
            boolean force) {
        List<Path> paths = new ArrayList<>();
        for (Reference part : reference.parts()) {
            Path path = (folder == null ? modelsFolder() : folder).resolve(part.relative());
            get(part, Wanted.of(path, part.entry(), null, sha256, null), settings, progress, force);
            paths.add(path);
        }
        return paths.getFirst();
    }

    // ----------------------------------------------------------------------------------------------------------- cache

    /** The models in the cache and in the folder of older releases, sorted by name. */
    public static List<CachedModel> listCached() {
        return listCached(null);
    }

    /** The models in a folder, sorted by name; null is the cache, with the folder of older releases. */
    public static List<CachedModel> listCached(Path folder) {
        return Cache.of(folder).list();
    }

    /** As verify(name, null, null). */
    public static Verification verify(String name) {
        return verify(name, null, null);
    }

    /**
     * Reads a model's whole file and compares its hash with the recorded one, or else with the catalogue's. Raises
     * ModelNotFoundException if it is not on this machine, LLModelIOException if it cannot be read.
     *
     * @param name as for resolve()
     * @param folder where to look first; null is modelsFolder()
     * @param progress see above
     */
    public static Verification verify(String name, Path folder, Predicate<ProgressInfo> progress) {
        return Cache.of(folder).verify(name, progress);
    }

    /** As remove(name, null). */
    public static List<Path> remove(String name) {
        return remove(name, null);
    }

    /**
     * Deletes a model from the cache, with everything that belongs to it and all parts of a split one. Returns the deleted
     * files. Raises ModelNotFoundException if it does not exist, InvalidArgumentException for a file that is not in the
     * cache, and LLModelIOException while it is being downloaded.
     *
     * @param name as for resolve()
     * @param folder which it must be in; null is the cache, with the folder of older releases
     */
    public static List<Path> remove(String name, Path folder) {
        return Cache.of(folder).remove(name);
    }

    /** As prune(null, 7 days). */
    public static Pruned prune() {
        return prune(null, Duration.ofDays(7));
    }

    /**
     * Deletes leftovers of downloads that have not been touched for so long: partial files, locks, records of deleted
     * files, and folders that this leaves empty. Running downloads are left alone. If no folder is given, translations of
     * model files that were deleted or changed are deleted too, and rearranged weights of models that were not opened for
     * that long.
     *
     * @param folder as for listCached()
     * @param olderThan how long
     */
    public static Pruned prune(Path folder, Duration olderThan) {
        return Cache.of(folder).prune(Instant.now().minus(olderThan));
    }

    // ------------------------------------------------------------------------------------------------- files by
    // address

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
            throw notFound(address, List.of(), null);
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
