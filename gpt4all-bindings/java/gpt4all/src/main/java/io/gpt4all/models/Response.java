package io.gpt4all.models;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An answer whose body is still to be read.
 *
 * @param uri where it is from
 * @param status its number
 * @param headers its headers
 * @param hops the redirects that led to it
 * @param body the bytes
 */
record Response(URI uri, int status, HttpHeaders headers, List<Hop> hops, Body body) implements AutoCloseable {
    private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");
    private static final int LONGEST_TEXT = 32 << 20;

    /** A redirect: its address, and the headers that it came with. */
    record Hop(URI uri, HttpHeaders headers) {}

    /** A Content-Range header: first and last byte, and the size of the whole file. */
    record Range(long first, long last, long total) {}

    String header(String name) {
        return headers.firstValue(name).orElse("").strip();
    }

    String where() {
        return Addresses.redacted(uri.toString());
    }

    /** Whether the body comes in chunks. */
    boolean chunked() {
        return header("Transfer-Encoding").toLowerCase(Locale.ROOT).contains("chunked");
    }

    /** Content-Length; null if there is none, or if the body comes in chunks and so tells its end by itself. */
    Long length() {
        String text = header("Content-Length");
        return text.matches("[0-9]{1,18}") && !chunked() ? Long.valueOf(text) : null;
    }

    /** Whether this is a web page, which no model is. */
    boolean page() {
        String type = header("Content-Type").split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        return type.equals("text/html") || type.equals("application/xhtml+xml");
    }

    /** What part of the file this is. */
    Range range() {
        Matcher found = RANGE.matcher(header("Content-Range"));
        if (!found.matches()) {
            throw new DownloadException(
                    DownloadException.Kind.PROTOCOL,
                    where() + " sent a part of the file with Content-Range '" + header("Content-Range") + "'",
                    Map.of(),
                    null);
        }
        return new Range(
                Long.parseLong(found.group(1)), Long.parseLong(found.group(2)), Long.parseLong(found.group(3)));
    }

    /** Reads the body as it comes. A body that ends before Content-Length is a broken connection. */
    void read(Duration stall, Consumer<ByteBuffer> take) {
        long since = System.nanoTime();
        long got = 0;
        while (true) {
            List<ByteBuffer> blocks = next(stall);
            if (blocks == null) {
                throw stalled(where() + " stopped sending");
            }
            if (blocks.isEmpty()) {
                return;
            }
            for (ByteBuffer block : blocks) {
                got += block.remaining();
                take.accept(block);
            }
            long now = System.nanoTime();
            if (got >= 1024) {
                since = now;
                got = 0;
            } else if (now - since > stall.toNanos()) {
                throw stalled(where() + " sent " + got + " bytes in " + (now - since) / 1_000_000_000
                        + " s; try again later or elsewhere");
            }
        }
    }

    private DownloadException stalled(String message) {
        return new DownloadException(DownloadException.Kind.STALLED, message, Map.of("url", where()), null);
    }

    private List<ByteBuffer> next(Duration stall) {
        try {
            return body.next(stall);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new io.gpt4all.CancelledException("the download of " + where() + " was interrupted");
        } catch (Throwable error) {
            throw Client.failure(uri, error);
        }
    }

    /** The whole body as text. */
    String text(Duration stall) {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        read(stall, block -> {
            byte[] copy = new byte[block.remaining()];
            block.get(copy);
            bytes.writeBytes(copy);
            if (bytes.size() > LONGEST_TEXT) {
                throw new DownloadException(
                        DownloadException.Kind.PROTOCOL,
                        where() + " sent over " + (LONGEST_TEXT >> 20) + " MiB where a page was expected",
                        Map.of(),
                        null);
            }
        });
        return bytes.toString(java.nio.charset.StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        body.close();
    }
}
