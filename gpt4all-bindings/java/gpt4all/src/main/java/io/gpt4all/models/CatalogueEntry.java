package io.gpt4all.models;

import java.util.List;
import java.util.Map;

/**
 * What the catalogue knows of one model.
 *
 * @param name what it is called
 * @param file its name in the cache
 * @param kind "chat", "completion" or "embedding"
 * @param description one or two sentences
 * @param size in bytes
 * @param sha256 of the file; may be null
 * @param md5 of the file; may be null
 * @param contextLength context that it was trained for, in tokens
 * @param aliases other names
 * @param sampling sampling options that the model's makers recommend, by the JSON's names
 * @param sources where it is, in order
 */
public record CatalogueEntry(
        String name,
        String file,
        String kind,
        String description,
        long size,
        String sha256,
        String md5,
        int contextLength,
        List<String> aliases,
        Map<String, Object> sampling,
        List<Source> sources) {}
