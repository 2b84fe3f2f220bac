package io.gpt4all;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The messages of a session as JSON. */
final class Conversation {
    ArrayNode messages = JsonNodeFactory.instance.arrayNode();

    /** Messages as maps by the JSON's names. */
    static List<Map<String, Object>> maps(ArrayNode messages) {
        List<Map<String, Object>> maps = new ArrayList<>();
        messages.forEach(message -> maps.add(Json.map(Json.text(message))));
        return maps;
    }

    /** Messages of one's own. Raises InvalidArgumentException for what is none. */
    static ArrayNode of(List<?> given) {
        ArrayNode messages = JsonNodeFactory.instance.arrayNode();
        given.forEach(message -> messages.add(Json.object(message)));
        return messages;
    }

    String system() {
        JsonNode first = messages.path(0);
        return first.path("role").asText().equals("system")
                ? first.path("content").asText(null)
                : null;
    }

    void system(String text) {
        if (messages.path(0).path("role").asText().equals("system")) {
            messages.remove(0);
        }
        if (text != null) {
            messages.insertObject(0).put("role", "system").put("content", text);
        }
    }

    /** Where the user's messages are. */
    List<Integer> questions() {
        List<Integer> places = new ArrayList<>();
        for (int index = 0; index < messages.size(); index++) {
            if (messages.get(index).path("role").asText().equals("user")) {
                places.add(index);
            }
        }
        return places;
    }

    /** The first messages. */
    ArrayNode first(int count) {
        ArrayNode some = JsonNodeFactory.instance.arrayNode();
        for (int index = 0; index < count; index++) {
            some.add(messages.get(index).deepCopy());
        }
        return some;
    }

    /** Removes the messages from a place on, and returns them. */
    ArrayNode cut(int from) {
        ArrayNode taken = JsonNodeFactory.instance.arrayNode();
        while (messages.size() > from) {
            taken.add(messages.remove(from));
        }
        return taken;
    }

    static ObjectNode message(String role, String content) {
        return JsonNodeFactory.instance.objectNode().put("role", role).put("content", content);
    }
}
