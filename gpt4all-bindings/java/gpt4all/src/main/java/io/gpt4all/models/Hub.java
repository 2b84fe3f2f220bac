package io.gpt4all.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.gpt4all.internal.Json;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The Hugging Face hub: addresses of files, and the hashes that it knows of them. */
final class Hub {
    private Hub() {}

    /** Where a file of the hub is. Its hash is read off the answer. */
    static Address addressOf(Source.HuggingFace source, Identity identity, Settings settings) {
        String url = settings.hubEndpoint() + "/" + source.repo() + "/resolve/" + revision(source) + "/"
                + Addresses.quoted(source.file());
        return new Address(url, identity, secret(settings), (known, response) -> learn(known, response, settings));
    }

    private static String revision(Source.HuggingFace source) {
        return Addresses.quoted(source.revision()).replace("/", "%2F");
    }

    private static Client.Secret secret(Settings settings) {
        String token = settings.hubToken();
        return token == null ? null : new Client.Secret(URI.create(settings.hubEndpoint()), token);
    }

    /** Adds what the hub itself said, before it passed us on to where the bytes are. */
    private static Identity learn(Identity known, Response response, Settings settings) {
        URI hub = URI.create(settings.hubEndpoint());
        List<Response.Hop> answers = new ArrayList<>(response.hops());
        answers.add(new Response.Hop(response.uri(), response.headers()));
        for (Response.Hop answer : answers) {
            String etag = answer.headers()
                    .firstValue("X-Linked-Etag")
                    .orElse("")
                    .strip()
                    .replaceFirst("^W/", "")
                    .replace("\"", "")
                    .toLowerCase(Locale.ROOT);
            if (Addresses.sameHost(answer.uri(), hub) && etag.matches("[0-9a-f]{64}")) {
                String size = answer.headers().firstValue("X-Linked-Size").orElse("");
                Long told = size.matches("[0-9]{1,18}") ? Long.valueOf(size) : null;
                return new Identity(
                        known.key(),
                        known.size() != null ? known.size() : told,
                        known.etag(),
                        known.lastModified(),
                        etag);
            }
        }
        return known;
    }

    /** The SHA-256 that the hub's list has of a file; null if it has none, as for small files. */
    static String ask(Source.HuggingFace source, Client client, Settings settings) {
        int slash = source.file().lastIndexOf('/');
        String folder = slash < 0 ? "" : "/" + Addresses.quoted(source.file().substring(0, slash));
        String url = settings.hubEndpoint() + "/api/models/" + source.repo() + "/tree/" + revision(source) + folder;
        try (Response response = client.get(url, Map.of(), secret(settings))) {
            for (JsonNode row : Json.MAPPER.readTree(response.text(settings.stall()))) {
                if (row.path("path").asText().equals(source.file())) {
                    String sha256 = row.path("lfs").path("oid").asText("");
                    return sha256.matches("[0-9a-f]{64}") ? sha256 : null;
                }
            }
            return null;
        } catch (JsonProcessingException error) {
            return null;
        }
    }
}
