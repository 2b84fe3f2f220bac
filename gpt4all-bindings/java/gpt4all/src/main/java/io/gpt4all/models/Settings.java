package io.gpt4all.models;

import io.gpt4all.InvalidArgumentException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * How to download. environment() has what the environment says; the methods give settings with one thing changed.
 *
 * @param offline never use the network ($GPT4ALL_OFFLINE or $HF_HUB_OFFLINE)
 * @param mirror an address; for models in the catalogue, MIRROR/FILE is tried first ($GPT4ALL_MIRROR). May be null
 * @param hubEndpoint replaces https://huggingface.co ($HF_ENDPOINT)
 * @param hubToken sent only to the hub's host ($HF_TOKEN). May be null
 * @param allowHttp whether plain HTTP to other machines is allowed ($GPT4ALL_ALLOW_HTTP)
 * @param connect time limit for connecting
 * @param stall how long the server may send next to nothing
 * @param retries attempts after the first that make no progress; any progress restarts the count
 * @param backoff wait before the first retry, doubled for each further one
 * @param longestWait limit for any one wait; if a server asks for a longer one, the download gives up on it
 */
public record Settings(
        boolean offline,
        String mirror,
        String hubEndpoint,
        String hubToken,
        boolean allowHttp,
        Duration connect,
        Duration stall,
        int retries,
        Duration backoff,
        Duration longestWait) {
    private static final List<String> TRUE = List.of("1", "true", "yes", "on", "y", "t");
    private static final List<String> FALSE = List.of("", "0", "false", "no", "off", "n", "f");

    /** What the environment says. Raises InvalidArgumentException for a switch that is neither on nor off. */
    public static Settings environment() {
        String hub = text("HF_ENDPOINT");
        String mirror = text("GPT4ALL_MIRROR");
        return new Settings(
                enabled("GPT4ALL_OFFLINE") || enabled("HF_HUB_OFFLINE"),
                mirror == null ? null : withoutSlash(mirror),
                hub == null ? "https://huggingface.co" : withoutSlash(hub),
                text("HF_TOKEN"),
                enabled("GPT4ALL_ALLOW_HTTP"),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                5,
                Duration.ofMillis(500),
                Duration.ofSeconds(60));
    }

    private static String text(String name) {
        String value = System.getenv(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    private static String withoutSlash(String address) {
        return address.replaceFirst("/+$", "");
    }

    private static boolean enabled(String name) {
        String value = System.getenv().getOrDefault(name, "").strip().toLowerCase(Locale.ROOT);
        if (!TRUE.contains(value) && !FALSE.contains(value)) {
            throw new InvalidArgumentException(
                    "the environment variable " + name + " is '" + value + "'; set it to 1 or 0");
        }
        return TRUE.contains(value);
    }

    /** With another value. */
    public Settings withOffline(boolean value) {
        return new Settings(
                value, mirror, hubEndpoint, hubToken, allowHttp, connect, stall, retries, backoff, longestWait);
    }

    /** With another value. */
    public Settings withMirror(String value) {
        return new Settings(
                offline, value, hubEndpoint, hubToken, allowHttp, connect, stall, retries, backoff, longestWait);
    }

    /** With another hub and a token for it, which may be null. */
    public Settings withHub(String endpoint, String token) {
        return new Settings(offline, mirror, endpoint, token, allowHttp, connect, stall, retries, backoff, longestWait);
    }

    /** With other time limits. */
    public Settings withLimits(Duration toConnect, Duration toStall, Duration toWait) {
        return new Settings(
                offline, mirror, hubEndpoint, hubToken, allowHttp, toConnect, toStall, retries, backoff, toWait);
    }

    /** With another number of retries, and another first wait. */
    public Settings withRetries(int count, Duration wait) {
        return new Settings(
                offline, mirror, hubEndpoint, hubToken, allowHttp, connect, stall, count, wait, longestWait);
    }

    @Override
    public String toString() {
        return "Settings[offline=" + offline + ", mirror=" + mirror + ", hubEndpoint=" + hubEndpoint + "]"; // no token
    }
}
