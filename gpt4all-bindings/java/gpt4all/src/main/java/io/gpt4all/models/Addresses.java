package io.gpt4all.models;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** Which addresses may be used, and how they are shown. */
final class Addresses {
    private Addresses() {}

    /** An address without what may be secret in it: name, password, query. */
    static String redacted(String url) {
        try {
            URI uri = new URI(url);
            String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
            String query = uri.getRawQuery() == null ? "" : "?…";
            return uri.getScheme() + "://" + uri.getHost() + port + Objects.requireNonNullElse(uri.getRawPath(), "")
                    + query;
        } catch (URISyntaxException error) {
            return "(a malformed address)";
        }
    }

    /** A part of a path as an address has it. */
    static String quoted(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }

    static boolean sameHost(URI one, URI other) {
        return Objects.equals(one.getScheme(), other.getScheme())
                && Objects.equals(one.getHost(), other.getHost())
                && one.getPort() == other.getPort();
    }

    static boolean isLoopback(String host) {
        if (host == null) {
            return false;
        }
        String plain = host.replaceAll("^\\[|\\]$", "");
        if (plain.equals("localhost")) {
            return true;
        }
        boolean number = plain.matches("[0-9.]+") || plain.contains(":");
        try {
            return number && InetAddress.getByName(plain).isLoopbackAddress();
        } catch (java.net.UnknownHostException error) {
            return false;
        }
    }

    /** The address if it may be used, after a redirect from `previous` unless that is null. Raises INSECURE_URL. */
    static URI checked(String url, Settings settings, URI previous) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException error) {
            throw insecure("'" + redacted(url) + "' is not an address: " + error.getReason());
        }
        String scheme = String.valueOf(uri.getScheme());
        if (uri.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
            throw insecure("'" + redacted(url) + "' is not an https:// address, and nothing else is downloaded from");
        }
        boolean here = isLoopback(uri.getHost()) && (previous == null || isLoopback(previous.getHost()));
        if (scheme.equals("http") && !settings.allowHttp() && !here) {
            throw insecure(redacted(url) + " is plain HTTP, which anyone on the way can change; use https, or set"
                    + " GPT4ALL_ALLOW_HTTP=1");
        }
        return uri;
    }

    private static DownloadException insecure(String message) {
        return new DownloadException(DownloadException.Kind.INSECURE_URL, message, Map.of(), null);
    }
}
