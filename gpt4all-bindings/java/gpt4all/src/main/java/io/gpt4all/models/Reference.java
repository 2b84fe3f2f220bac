package io.gpt4all.models;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** A model that can be downloaded: where in a folder for models it lies, its sources, and its entry if it has one. */
record Reference(Path relative, List<Source> sources, CatalogueEntry entry) {
    private static final Pattern HUB_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
    private static final Set<String> HUB_HOSTS = Set.of("huggingface.co", "www.huggingface.co", "hf.co");
    private static final String HUB_FORM = "hf://owner/repository/file.gguf, optionally with @revision at the end";

    /** What a text stands for: a name in the catalogue, or an address. Null if it is neither. */
    static Reference parse(String text) {
        int at = text.indexOf("://");
        String scheme = at < 0 ? "" : text.substring(0, at).toLowerCase(Locale.ROOT);
        switch (scheme) {
            case "hf" -> {
                return ofHub(hubSource(text, text.substring(at + 3)));
            }
            case "https", "http" -> {
                return ofAddress(text);
            }
            case "" -> {
                CatalogueEntry entry = Catalogue.find(text);
                return entry == null ? null : of(entry);
            }
            default ->
                throw invalid(
                        text, "'" + text + "' cannot be downloaded: models come from hf://, from https:// or by name");
        }
    }

    static Reference of(CatalogueEntry entry) {
        return new Reference(Path.of(FileNames.safe(entry.file())), entry.sources(), entry);
    }

    private static Reference ofHub(Source.HuggingFace source) {
        for (CatalogueEntry entry : Catalogue.ENTRIES) {
            if (entry.sources().contains(source)) {
                return of(entry);
            }
        }
        String[] repo = source.repo().split("/");
        String revision =
                source.revision().equals("main") ? "" : "@" + source.revision().replace("/", "_");
        Path relative = Path.of("hf", FileNames.safe(repo[0]), FileNames.safe(repo[1] + revision));
        for (String part : source.file().split("/", -1)) {
            relative = relative.resolve(FileNames.safe(part));
        }
        return new Reference(relative, List.of(source), null);
    }

    private static Source.HuggingFace hubSource(String text, String rest) {
        String[] parts = rest.split("/", 3);
        if (parts.length < 3) {
            throw invalid(text, "'" + text + "' does not name a file of the hub; write " + HUB_FORM);
        }
        String[] repo = parts[1].split("@", 2);
        String file = parts[2];
        String revision = repo.length == 2 ? repo[1] : null;
        int at = file.lastIndexOf('@');
        if (revision == null && at >= 0 && !file.endsWith(".gguf")) {
            revision = file.substring(at + 1);
            file = file.substring(0, at);
        }
        if (revision != null && revision.isEmpty()) {
            throw invalid(text, "'" + text + "' names an empty revision; write " + HUB_FORM);
        }
        return checked(text, parts[0], repo[0], file, revision == null ? "main" : revision);
    }

    private static Source.HuggingFace checked(String text, String owner, String repo, String file, String revision) {
        boolean right =
                HUB_NAME.matcher(owner).matches() && HUB_NAME.matcher(repo).matches() && !file.isEmpty();
        for (String part : revision.split("/", -1)) {
            right &= HUB_NAME.matcher(part).matches();
        }
        if (!right) {
            throw invalid(text, "'" + text + "' does not name a file of the hub; write " + HUB_FORM);
        }
        return new Source.HuggingFace(owner + "/" + repo, file, revision);
    }

    private static Reference ofAddress(String text) {
        URI address;
        try {
            address = new URI(text);
        } catch (URISyntaxException error) {
            throw invalid(text, "'" + text + "' is not an address: " + error.getReason());
        }
        if (address.getHost() == null) {
            throw invalid(text, "'" + text + "' has no host");
        }
        String path = URLDecoder.decode(address.getRawPath().replace("+", "%2B"), StandardCharsets.UTF_8);
        String[] steps = path.replaceAll("^/+|/+$", "").split("/");
        boolean hub =
                HUB_HOSTS.contains(address.getHost()) && address.getScheme().equalsIgnoreCase("https");
        if (hub && steps.length >= 5 && (steps[2].equals("resolve") || steps[2].equals("blob"))) {
            String file = String.join("/", List.of(steps).subList(4, steps.length));
            return ofHub(checked(text, steps[0], steps[1], file, steps[3]));
        }
        Source.Https source = new Source.Https(text);
        for (CatalogueEntry entry : Catalogue.ENTRIES) {
            if (entry.sources().contains(source)) {
                return of(entry);
            }
        }
        // Two addresses may end in the same name, so that the name alone would mix them up.
        String hash = Hashes.sha256(text).substring(0, 12);
        return new Reference(Path.of("url", hash, FileNames.safe(steps[steps.length - 1])), List.of(source), null);
    }

    /** All files of a model that is split over several, in order; otherwise just this one. */
    List<Reference> parts() {
        if (entry != null || !(sources.getFirst() instanceof Source.HuggingFace source)) {
            return List.of(this);
        }
        String folder = source.file().substring(0, source.file().lastIndexOf('/') + 1);
        return FileNames.split(source.file().substring(folder.length())).stream()
                .map(name -> ofHub(new Source.HuggingFace(source.repo(), folder + name, source.revision())))
                .toList();
    }

    private static DownloadException invalid(String name, String message) {
        return new DownloadException(DownloadException.Kind.INVALID_NAME, message, Map.of("name", name), null);
    }
}
