package io.gpt4all.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/**
 * What is known of a file that is to come, so as to tell whether two answers are about the same one. All but the key may
 * be null.
 *
 * @param key where it is from
 * @param size in bytes
 * @param etag a strong one, with its quotes
 * @param lastModified as the server says it
 * @param sha256 of the content
 */
record Identity(String key, Long size, String etag, String lastModified, String sha256) {
    private static final Set<String> FIELDS = Set.of("key", "size", "etag", "last_modified", "sha256");

    Identity withSize(Long value) {
        return new Identity(key, value, etag, lastModified, sha256);
    }

    /**
     * Whether bytes of the one may be followed by bytes of the other. If both hashes are known they decide, wherever the
     * bytes are from. Otherwise the place must be the same, and something that changes with the content.
     */
    boolean mayContinue(Identity other) {
        if (size != null && other.size != null && !size.equals(other.size)) {
            return false;
        }
        if (sha256 != null && other.sha256 != null) {
            return sha256.equals(other.sha256);
        }
        if (!key.equals(other.key)) {
            return false;
        }
        if (etag != null || other.etag != null) {
            return Objects.equals(etag, other.etag);
        }
        return lastModified != null && lastModified.equals(other.lastModified);
    }

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("key", key)
                .put("size", size)
                .put("etag", etag)
                .put("last_modified", lastModified)
                .put("sha256", sha256);
    }

    /** What json() gave; null for something else, which another release may have written. */
    static Identity of(ObjectNode json) {
        Set<String> names = new HashSet<>();
        json.fieldNames().forEachRemaining(names::add);
        if (!FIELDS.containsAll(names) || !json.path("key").isTextual()) {
            return null;
        }
        JsonNode size = json.path("size");
        return new Identity(
                json.get("key").asText(),
                size.isIntegralNumber() ? size.asLong() : null,
                json.path("etag").asText(null),
                json.path("last_modified").asText(null),
                json.path("sha256").asText(null));
    }
}
