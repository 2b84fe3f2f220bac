package io.gpt4all.models;

import java.nio.file.Path;

/**
 * A model's file in the cache.
 *
 * @param name the name that resolve() knows it by
 * @param path where it lies
 * @param size in bytes
 * @param sha256 the hash recorded when it was downloaded, or else the catalogue's; null if neither is known
 * @param source where it came from; null if it was not downloaded by GPT4All
 * @param entry null if the catalogue does not have it
 */
public record CachedModel(String name, Path path, long size, String sha256, String source, CatalogueEntry entry) {}
