package io.gpt4all.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * The .part file of a download and, beside it, the .part.json with its Identity. Used under the download's lock.
 */
final class Part {
    final Path path;
    private final Path state;
    private MessageDigest sha256 = Hashes.digest("SHA-256");
    private MessageDigest md5 = Hashes.digest("MD5");
    private long hashed;

    Part(Path target) {
        path = StateFiles.of(target, ".part");
        state = StateFiles.of(target, ".part.json");
    }

    /** Bytes that are there; 0 if it is not known what they belong to. */
    long length() {
        try {
            return identity() == null ? 0 : Files.size(path);
        } catch (IOException error) {
            return 0;
        }
    }

    /** What the bytes are a part of; null if that is not known. */
    Identity identity() {
        return Identity.of(StateFiles.read(state));
    }

    /** Makes it empty, to become a part of a file. */
    void start(Identity identity) {
        // Emptied first, so that whenever the process is killed no bytes lie beside a description of other ones.
        StateFiles.checked(path, () -> Files.write(path, new byte[0]));
        StateFiles.write(state, identity.json());
        forget();
    }

    /** Notes what an answer said about the file that these bytes are from. */
    void learn(Identity identity) {
        if (!identity.equals(identity())) {
            StateFiles.write(state, identity.json());
        }
    }

    void remove() {
        StateFiles.checked(path, () -> {
            Files.deleteIfExists(state);
            return Files.deleteIfExists(path);
        });
        forget();
    }

    private void forget() {
        sha256 = Hashes.digest("SHA-256");
        md5 = Hashes.digest("MD5");
        hashed = 0;
    }

    /** Opens it to write on at its end. */
    Appender appending() {
        return new Appender(StateFiles.checked(
                path, () -> FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
    }

    /** Hashes the bytes that an earlier process left. */
    void catchUp(Reporter report) {
        long total = length();
        if (hashed > total) {
            forget();
        }
        if (hashed == total) {
            return;
        }
        StateFiles.checked(path, () -> {
            byte[] block = new byte[1 << 20];
            try (InputStream stream = Files.newInputStream(path)) {
                stream.skipNBytes(hashed);
                for (int size = stream.read(block); size > 0; size = stream.read(block)) {
                    add(ByteBuffer.wrap(block, 0, size));
                    report.report(ProgressInfo.Phase.CHECKING, hashed, total);
                }
            }
            return null;
        });
    }

    private void add(ByteBuffer block) {
        sha256.update(block.duplicate());
        md5.update(block.duplicate());
        hashed += block.remaining();
    }

    /** The SHA-256 and the MD5 of all bytes. */
    String[] digests(Reporter report) {
        catchUp(report);
        String[] found = {Hashes.hex(sha256), Hashes.hex(md5)};
        forget(); // a digest that was asked for starts over
        return found;
    }

    /** The open file. Only whole blocks that were written are counted and hashed. */
    final class Appender implements AutoCloseable {
        private final FileChannel channel;

        private Appender(FileChannel channel) {
            this.channel = channel;
        }

        /** Adds a block. Raises DownloadException; the file then ends with what fitted. */
        void write(ByteBuffer block) {
            ByteBuffer left = block.duplicate();
            StateFiles.checked(path, () -> {
                while (left.hasRemaining()) {
                    channel.write(left);
                }
                return null;
            });
            add(block);
        }

        /** Has it written to the disk itself. */
        void sync() {
            StateFiles.checked(path, () -> {
                channel.force(true);
                return null;
            });
        }

        @Override
        public void close() {
            StateFiles.checked(path, () -> {
                channel.close();
                return null;
            });
        }
    }
}
