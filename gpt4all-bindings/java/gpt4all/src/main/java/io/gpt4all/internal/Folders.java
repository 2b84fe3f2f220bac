package io.gpt4all.internal;

import java.nio.file.Path;

/** Folders that all bindings share. */
public final class Folders {
    private Folders() {}

    /** $GPT4ALL_CACHE, or ~/.cache/gpt4all. */
    public static Path cache() {
        String named = System.getenv("GPT4ALL_CACHE");
        if (named == null || named.isEmpty()) {
            return home().resolve(".cache").resolve("gpt4all");
        }
        return expanded(named).toAbsolutePath();
    }

    /** $HOME, as other languages take it, or what Java knows of the user. */
    public static Path home() {
        String home = System.getenv("HOME");
        return Path.of(home == null || home.isEmpty() ? System.getProperty("user.home") : home);
    }

    /** A path in which ~ may stand for the user's folder. */
    public static Path expanded(String path) {
        if (path.equals("~")) {
            return home();
        }
        return path.startsWith("~/") ? home().resolve(path.substring(2)) : Path.of(path);
    }
}
