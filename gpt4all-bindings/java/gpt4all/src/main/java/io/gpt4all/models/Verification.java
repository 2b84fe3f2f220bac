package io.gpt4all.models;

import java.nio.file.Path;

/**
 * The outcome of verify(). Hashes are in hexadecimal, of the kind that the algorithm names.
 *
 * @param path the file
 * @param ok null if there is no known hash to compare the file with
 * @param algorithm "sha256" or "md5"
 * @param expected the known hash; null if there is none
 * @param found the file's
 */
public record Verification(Path path, Boolean ok, String algorithm, String expected, String found) {}
