package io.gpt4all.models;

import io.gpt4all.models.DownloadException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * HTTP as downloads need it: every redirect looked at, no secret sent elsewhere, every failure with its own kind. One for
 * each download; not for several threads.
 */
final class Client implements AutoCloseable {
    private static final int MOST_REDIRECTS = 10;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> TRANSIENT = Set.of(408, 425, 429);

    private final Settings settings;
    private final HttpClient client;

    /** An authorisation that only the host of an address may see. */
    record Secret(URI uri, String token) {}

    Client(Settings settings) {
        this.settings = settings;
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connect())
                .proxy(new Proxies())
                .build();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    /** Opens an address, after its redirects. Asks for the bytes as they are; but 200, 206 and 416 are failures. */
    Response get(String url, Map<String, String> headers, Secret secret) {
        Response response = follow(url, headers, secret);
        try {
            if (response.status() != 200 && response.status() != 206 && response.status() != 416) {
                throw statusError(response, url, secret);
            }
            String coding = response.header("Content-Encoding");
            if (!coding.isEmpty() && !coding.equalsIgnoreCase("identity")) {
                throw new DownloadException(
                        Kind.PROTOCOL,
                        Addresses.redacted(url) + " sent the file as '" + coding
                                + "' though asked not to; a proxy may be the cause",
                        Map.of(),
                        null);
            }
            return response;
        } catch (DownloadException error) {
            response.close();
            throw error;
        }
    }

    private Response follow(String url, Map<String, String> headers, Secret secret) {
        List<Response.Hop> hops = new ArrayList<>();
        String address = url;
        URI previous = null;
        while (hops.size() <= MOST_REDIRECTS) {
            URI uri = checked(address, previous, url);
            HttpResponse<Body> answer = open(uri, headers, secret);
            String location = answer.headers().firstValue("Location").orElse(null);
            if (!REDIRECTS.contains(answer.statusCode()) || location == null) {
                return new Response(uri, answer.statusCode(), answer.headers(), hops, answer.body());
            }
            answer.body().close();
            hops.add(new Response.Hop(uri, answer.headers()));
            previous = uri;
            address = joined(uri, location);
        }
        String where = Addresses.redacted(url);
        throw new DownloadException(
                Kind.REDIRECT,
                where + " was redirected more than " + MOST_REDIRECTS + " times",
                Map.of("url", where),
                null);
    }

    private static String joined(URI from, String location) {
        try {
            return from.resolve(location).toString();
        } catch (IllegalArgumentException error) {
            throw new DownloadException(
                    Kind.REDIRECT,
                    Addresses.redacted(from.toString()) + " leads to '" + location + "', which is not an address",
                    Map.of(),
                    error);
        }
    }

    private URI checked(String address, URI previous, String origin) {
        try {
            return Addresses.checked(address, settings, previous);
        } catch (DownloadException error) {
            if (previous == null) {
                throw error;
            }
            String where = Addresses.redacted(origin);
            throw new DownloadException(
                    Kind.REDIRECT, where + " leads elsewhere: " + error.getMessage(), Map.of("url", where), error);
        }
    }

    private HttpResponse<Body> open(URI uri, Map<String, String> headers, Secret secret) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(settings.stall())
                .header("User-Agent", "gpt4all-java")
                .header("Accept-Encoding", "identity");
        headers.forEach(request::header);
        if (secret != null && Addresses.sameHost(uri, secret.uri())) {
            request.header("Authorization", "Bearer " + secret.token());
        }
        try {
            return client.send(request.build(), information -> new Body());
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new io.gpt4all.CancelledException(
                    "the download of " + Addresses.redacted(uri.toString()) + " was interrupted");
        } catch (IOException error) {
            throw failure(uri, error);
        }
    }

    /** What a failure of the connection stands for. */
    static RuntimeException failure(URI uri, Throwable error) {
        if (error instanceof RuntimeException ours && !(error instanceof java.io.UncheckedIOException)) {
            return ours;
        }
        String where = Addresses.redacted(uri.toString());
        Map<String, String> detail = Map.of("url", where);
        if (error instanceof ConnectException
                || error instanceof HttpConnectTimeoutException
                || error instanceof SSLException) {
            return new DownloadException(
                    Kind.UNREACHABLE, "no connection to " + where + ": " + reason(error), detail, error);
        }
        if (error instanceof HttpTimeoutException) {
            return new DownloadException(Kind.STALLED, where + " stopped sending", detail, error);
        }
        return new DownloadException(
                Kind.CONNECTION_FAILED, "the connection to " + where + " broke: " + reason(error), detail, error);
    }

    /** The innermost cause in words. */
    private static String reason(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private static DownloadException statusError(Response response, String url, Secret secret) {
        int status = response.status();
        String where = Addresses.redacted(url);
        String advice = "";
        if (status == 401 || status == 403) {
            advice = secret == null
                    ? "; a model behind a licence needs a token in HF_TOKEN"
                    : "; the token was not accepted";
        } else if (status == 404) {
            advice = "; check the name of the repository and of the file";
        }
        Map<String, Object> detail = new LinkedHashMap<>(Map.of("url", where, "http_status", status));
        if (TRANSIENT.contains(status) || status >= 500) {
            detail.put("retry_after_seconds", retryAfter(response.header("Retry-After")));
        }
        return new DownloadException(Kind.HTTP_STATUS, where + " answered " + status + advice, detail, null);
    }

    /** Seconds that a server asks to wait, 0 if it does not say. */
    private static double retryAfter(String text) {
        if (text.matches("[0-9]{1,9}")) {
            return Double.parseDouble(text);
        }
        try {
            ZonedDateTime moment = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
            return Math.max(0, Duration.between(ZonedDateTime.now(), moment).toSeconds());
        } catch (DateTimeParseException error) {
            return 0;
        }
    }
}
