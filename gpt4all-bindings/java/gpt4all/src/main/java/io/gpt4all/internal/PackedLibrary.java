package io.gpt4all.internal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * The library in the jar, and where it is unpacked to: a folder of the cache that is named by the version and the hash
 * of what is in it. A folder is complete or not there, and is never changed; a file that no longer has its hash is
 * written again.
 *
 * <p>Beside the files lies SHA256SUMS, which lists them; its first line is "version VERSION".
 */
final class PackedLibrary {
    private static final String SUMS = "SHA256SUMS";

    private PackedLibrary() {}

    /** The folder within the jar. */
    static String folder(String platform) {
        return "META-INF/gpt4all/" + platform;
    }

    /** Where unpacked libraries lie: the system property gpt4all.native.cache, or native/ in the cache of the models. */
    static Path cache() {
        String named = System.getProperty("gpt4all.native.cache", "");
        return named.isEmpty()
                ? Folders.cache().resolve("native")
                : Path.of(named).toAbsolutePath();
    }

    /** The folder with the files. Raises IOException if the jar has none for the platform, or they cannot be written. */
    static Path unpacked(String platform) throws IOException {
        String sums = new String(bytes(platform, SUMS), StandardCharsets.UTF_8);
        String version = sums.lines().findFirst().orElse("").replaceFirst("^version ", "");
        Map<String, String> files = new LinkedHashMap<>();
        sums.lines().skip(1).forEach(line -> files.put(line.substring(66), line.substring(0, 64)));
        String hash = HexFormat.of().formatHex(sha256().digest(sums.getBytes(StandardCharsets.UTF_8)));
        Path folder = cache().resolve(version + "-" + platform + "-" + hash.substring(0, 16));
        try {
            // First without the lock, for which the folder has to be writable.
            if (missing(folder, files).isEmpty()) {
                return folder;
            }
            Files.createDirectories(folder);
            try (FileChannel channel = FileChannel.open(
                            folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock ignored = locked(channel)) {
                for (Map.Entry<String, String> file : missing(folder, files).entrySet()) {
                    write(platform, file.getKey(), file.getValue(), folder.resolve(file.getKey()));
                }
            }
        } catch (FileSystemException error) {
            String why = error.getReason() == null ? error.getClass().getSimpleName() : error.getReason();
            throw new IOException(
                    "it cannot be unpacked into " + folder + ": " + error.getFile() + ": " + why
                            + "; name another folder in the system property gpt4all.native.cache",
                    error);
        }
        return folder;
    }

    /** The files that are not in the folder as they should be. */
    private static Map<String, String> missing(Path folder, Map<String, String> files) throws IOException {
        Map<String, String> missing = new LinkedHashMap<>();
        for (Map.Entry<String, String> file : files.entrySet()) {
            if (!file.getValue().equals(hashOf(folder.resolve(file.getKey())))) {
                missing.put(file.getKey(), file.getValue());
            }
        }
        return missing;
    }

    /** Waits for the lock, which this package may also hold through another class loader of this process. */
    private static FileLock locked(FileChannel channel) throws IOException {
        while (true) {
            try {
                return channel.lock();
            } catch (OverlappingFileLockException held) {
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    // Beside the file and renamed: a process that has the old one loaded keeps it.
    private static void write(String platform, String name, String hash, Path target) throws IOException {
        // Not createTempFile(), whose files no other user can read.
        Path temporary = target.resolveSibling(".unpacking-" + UUID.randomUUID());
        try {
            Files.write(temporary, bytes(platform, name), StandardOpenOption.CREATE_NEW);
            if (!hash.equals(hashOf(temporary))) {
                throw new IOException(name + " in the jar is damaged: it has another SHA-256 than " + SUMS + " says");
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static byte[] bytes(String platform, String name) throws IOException {
        String path = folder(platform) + "/" + name;
        try (InputStream stream = PackedLibrary.class.getResourceAsStream("/" + path)) {
            if (stream == null) {
                throw new FileNotFoundException("not in this jar");
            }
            return stream.readAllBytes();
        }
    }

    private static String hashOf(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return "";
        }
        MessageDigest digest = sha256();
        try (InputStream stream = new DigestInputStream(Files.newInputStream(path), digest)) {
            stream.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error); // every Java has it
        }
    }
}
