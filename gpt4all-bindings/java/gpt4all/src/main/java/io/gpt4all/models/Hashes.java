package io.gpt4all.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Hashes, in hexadecimal. */
final class Hashes {
    private Hashes() {}

    static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error); // every Java has SHA-256 and MD5
        }
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    static String sha256(String text) {
        return HexFormat.of().formatHex(digest("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The hash of a file's content. */
    static String ofFile(Path path, String algorithm, Reporter report) throws IOException {
        MessageDigest digest = digest(algorithm);
        long total = Files.size(path);
        long done = 0;
        byte[] block = new byte[1 << 20];
        try (InputStream stream = Files.newInputStream(path)) {
            for (int size = stream.read(block); size > 0; size = stream.read(block)) {
                digest.update(block, 0, size);
                done += size;
                report.report(ProgressInfo.Phase.VERIFYING, done, total);
            }
        }
        return hex(digest);
    }
}
