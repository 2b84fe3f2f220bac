package io.gpt4all.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A file to be at a path.
 *
 * @param path where
 * @param size in bytes; null if it is not known
 * @param sha256 in hexadecimal; null if it is not known
 * @param md5 in hexadecimal; null if it is not known
 * @param certain whether the caller gave the hashes, so that a file without a record must be read to be trusted
 */
record Wanted(Path path, Long size, String sha256, String md5, boolean certain) {
    /** What the caller knows, and where it does not, the catalogue. */
    static Wanted of(Path path, CatalogueEntry entry, Long size, String sha256, String md5) {
        boolean certain = sha256 != null || md5 != null;
        boolean known = entry != null;
        return new Wanted(
                path,
                size == null && known ? Long.valueOf(entry.size()) : size,
                lower(sha256 == null && known ? entry.sha256() : sha256),
                lower(md5 == null && known ? entry.md5() : md5),
                certain);
    }

    private static String lower(String text) {
        return text == null ? null : text.toLowerCase(Locale.ROOT);
    }

    /** Whether the file is there and is as it was recorded, or else as long as it should be. */
    boolean isThere(Reporter report) {
        try {
            if (!Files.isRegularFile(path)) {
                return false;
            }
            long length = Files.size(path);
            FileRecord record = FileRecord.of(path);
            if (record != null) {
                return record.size() == length && (sha256 == null || sha256.equals(record.sha256()));
            }
            if (size != null && size != length) {
                return false;
            }
            return !certain || (fits("SHA-256", sha256, report) && fits("MD5", md5, report));
        } catch (IOException error) {
            return false;
        }
    }

    private boolean fits(String algorithm, String expected, Reporter report) throws IOException {
        return expected == null || Hashes.ofFile(path, algorithm, report).equals(expected);
    }
}
