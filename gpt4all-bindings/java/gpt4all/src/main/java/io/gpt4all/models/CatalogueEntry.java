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
 * @param ramGb memory that the machine should have, in GiB
 * @param license its licence
 * @param architecture the engine's name for it
 * @param parameters approximate number of weights
 * @param quantization how they are stored
 * @param sha256 of the file; may be null
 * @param md5 of the file; may be null
 * @param contextLength context that it was trained for, in tokens
 * @param aliases other names
 * @param chatTemplate in Jinja, only if the file has none or a bad one; otherwise null
 * @param systemMessage that it is used with; may be null
 * @param sampling sampling options that the model's makers recommend, by the JSON's names
 * @param samplingSource where they say so; null if there are none
 * @param sources where it is, in order
 */
public record CatalogueEntry(
        String name,
        String file,
        String kind,
        String description,
        long size,
        double ramGb,
        License license,
        String architecture,
        long parameters,
        String quantization,
        String sha256,
        String md5,
        int contextLength,
        List<String> aliases,
        String chatTemplate,
        String systemMessage,
        Map<String, Object> sampling,
        String samplingSource,
        List<Source> sources) {
    /**
     * A model's licence.
     *
     * @param name SPDX's identifier, or LicenseRef-…
     * @param url its text
     * @param commercialUse null if it is unclear
     */
    public record License(String name, String url, Boolean commercialUse) {}

    /** Everything that find() finds it by: its aliases, its name, and its file name without and with ".gguf". */
    public List<String> names() {
        return Catalogue.names(this);
    }
}
