package io.gpt4all.models;

import io.gpt4all.models.DownloadException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** One run of fetching one address into its .part, through whatever the network does to it. */
final class Fetch {
    /** Bytes that a try must bring for the count of failed ones to start over. */
    private static final long ENOUGH_PROGRESS = 64 << 10;

    private static final int FEW_RETRIES = 2; // for servers that contradict themselves, or are not there

    private final Client client;
    private final Address address;
    private final Path target;
    private final Settings settings;
    private final Reporter report;
    private boolean ranges = true;
    Identity identity;

    /** Whether bytes were kept that an earlier answer had sent. */
    boolean continued;

    Fetch(Client client, Address address, Path target, Settings settings, Reporter report) {
        this.client = client;
        this.address = address;
        this.target = target;
        this.settings = settings;
        this.report = report;
        identity = address.identity();
    }

    /** Brings the part to its full length. Raises DownloadException; what came by then stays. */
    void run(Part part) {
        int failures = 0;
        long furthest = 0;
        while (true) {
            try {
                attempt(part);
                return;
            } catch (DownloadException error) {
                failures++;
                if (part.length() >= furthest + ENOUGH_PROGRESS) {
                    furthest = part.length();
                    failures = 1;
                }
                pause(error, failures, part);
            }
        }
    }

    private void pause(DownloadException error, int failures, Part part) {
        Kind kind = error.kind();
        Object asked = error.detail().get("retry_after_seconds");
        boolean worthwhile = switch (kind) {
            case CONNECTION_FAILED, UNREACHABLE, STALLED, PROTOCOL -> true;
            case HTTP_STATUS -> asked != null; // 404 and the like stay as they are
            default -> false;
        };
        if (!worthwhile) {
            throw error;
        }
        if (kind == Kind.PROTOCOL) {
            ranges = ranges && failures < FEW_RETRIES;
        }
        boolean hopeless = kind == Kind.PROTOCOL || kind == Kind.UNREACHABLE;
        int limit = hopeless ? Math.min(settings.retries(), FEW_RETRIES) : settings.retries();
        double longest = settings.longestWait().toMillis() / 1000.0;
        double seconds = settings.backoff().toMillis()
                / 1000.0
                * Math.pow(2, failures - 1.0)
                * ThreadLocalRandom.current().nextDouble(0.5, 1);
        seconds = Math.max(Math.min(seconds, longest), asked instanceof Double wait ? wait : 0);
        if (failures > limit || seconds > longest) {
            throw error;
        }
        report.sleep(
                Duration.ofMillis((long) (seconds * 1000)),
                ProgressInfo.Phase.DOWNLOADING,
                part.length(),
                identity.size() == null ? -1 : identity.size());
    }

    /** One request, after which the file is complete. */
    private void attempt(Part part) {
        long start = start(part);
        if (start > 0 && identity.size() != null && start == identity.size()) {
            return;
        }
        String where;
        try (Response response = client.get(address.url(), headers(start, part), address.secret())) {
            where = response.where();
            if (response.status() == 416) {
                part.remove();
                throw protocol(where + " says that the file has no byte " + start);
            }
            Long length = checked(response, start, part);
            try {
                receive(response, part, length);
            } catch (DownloadException error) {
                if (error.kind() == Kind.PROTOCOL) {
                    part.remove();
                }
                throw error;
            }
        }
        if (identity.size() == null) {
            identity = identity.withSize(part.length());
        }
        if (part.length() != identity.size()) {
            throw new DownloadException(
                    Kind.CONNECTION_FAILED,
                    where + " sent the file up to byte " + part.length() + " of " + identity.size(),
                    Map.of(),
                    null);
        }
    }

    /** How many bytes there are to go on from. What cannot be used stays until something better comes. */
    private long start(Part part) {
        Identity there = part.identity();
        long length = part.length();
        Identity known = identity;
        continued = false;
        if (there == null || !ranges || length == 0) {
            return 0;
        }
        if (known.key().equals(there.key())) { // the answer to come will say whether it is still the same file
            known = new Identity(
                    there.key(),
                    known.size() != null ? known.size() : there.size(),
                    known.etag() != null ? known.etag() : there.etag(),
                    there.lastModified(),
                    known.sha256() != null ? known.sha256() : there.sha256());
        }
        if (!known.mayContinue(there) || (known.size() != null && length > known.size())) {
            return 0;
        }
        part.catchUp(report);
        identity = known;
        continued = true;
        return length;
    }

    private static Map<String, String> headers(long start, Part part) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (start > 0) {
            headers.put("Range", "bytes=" + start + "-");
            Identity there = part.identity();
            // Where the hash is known, other hosts may go on with the same file under another tag.
            if (there != null && there.etag() != null && there.sha256() == null) {
                headers.put("If-Range", there.etag());
            }
        }
        return headers;
    }

    /** Makes the part ready for the body, and tells how many bytes that must have; null if it does not say. */
    private Long checked(Response response, long start, Part part) {
        String where = response.where();
        if (response.page()) {
            throw protocol(where + " sent a web page instead of the file; the network may require a login");
        }
        long begin = 0;
        Long length = response.length();
        Long total = length;
        if (response.status() == 206) {
            Response.Range span = response.range();
            begin = span.first();
            total = span.total();
            long size = span.last() - begin + 1;
            if (begin != start || span.last() < begin || span.last() >= total || (length != null && length != size)) {
                throw protocol(where + " was asked for the file from byte " + start + " on and sent bytes " + begin
                        + " to " + span.last() + " of " + total + " in a body of " + length);
            }
            length = size;
        }
        Identity found = identityOf(response, total);
        Identity there = part.identity();
        if (begin == 0) {
            part.start(found);
            continued = false;
        } else if (there != null && !found.mayContinue(there)) {
            part.remove();
            identity = address.identity();
            throw new DownloadException(
                    Kind.CONNECTION_FAILED,
                    where + " has a different file from when the download began",
                    Map.of(),
                    null);
        }
        identity = found;
        part.learn(found);
        if (found.size() != null) {
            StateFiles.checkSpace(
                    part.path.getParent(),
                    found.size() - begin,
                    target.getFileName().toString());
        }
        if (length == null && !response.chunked() && found.size() == null && found.sha256() == null) {
            throw protocol(where + " does not say how long the file is, so its end is unknown");
        }
        return length;
    }

    /** What this answer says of the file, on top of what was known. */
    private Identity identityOf(Response response, Long total) {
        Identity known = address.learn().apply(address.identity(), response);
        String where = response.where();
        if (known.size() != null && total != null && !known.size().equals(total)) {
            throw protocol(
                    where + " has a file of " + total + " bytes, but " + target.getFileName() + " has " + known.size());
        }
        String expected = address.identity().sha256();
        if (expected != null && !expected.equals(known.sha256())) {
            throw new DownloadException(
                    Kind.CHECKSUM,
                    where + " has another file, with SHA-256 " + known.sha256() + ", not " + expected,
                    Map.of(),
                    null);
        }
        String etag = response.header("ETag");
        return new Identity(
                known.key(),
                known.size() == null ? total : known.size(),
                etag.startsWith("\"") ? etag : null, // a weak one may stay when bytes change
                response.headers().firstValue("Last-Modified").orElse(null),
                known.sha256());
    }

    private void receive(Response response, Part part, Long length) {
        long[] done = {part.length()};
        long total = identity.size() == null ? -1 : identity.size();
        long end = length == null ? total : done[0] + length;
        try (Part.Appender out = part.appending()) {
            report.report(ProgressInfo.Phase.DOWNLOADING, done[0], total);
            response.read(settings.stall(), block -> {
                if (end >= 0 && done[0] + block.remaining() > end) {
                    throw protocol(response.where() + " sent more than the " + end + " bytes that the file has");
                }
                out.write(block);
                done[0] += block.remaining();
                report.report(ProgressInfo.Phase.DOWNLOADING, done[0], total);
            });
            out.sync();
        }
    }

    private static DownloadException protocol(String message) {
        return new DownloadException(Kind.PROTOCOL, message, Map.of(), null);
    }
}
