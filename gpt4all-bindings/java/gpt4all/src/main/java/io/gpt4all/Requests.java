package io.gpt4all;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Json;
import io.gpt4all.types.ChatRequest;
import java.util.List;
import java.util.function.Consumer;

/** Requests as JSON, of what a caller gave. */
final class Requests {
    private Requests() {}

    /** What a caller set, without messages. */
    static ObjectNode options(Consumer<ChatRequest.Builder> given) {
        ChatRequest.Builder builder = ChatRequest.builder().messages(List.of());
        given.accept(builder);
        ObjectNode options = Json.object(builder.build());
        options.remove("messages");
        return options;
    }

    /** A request that streams only if somebody reads the pieces. */
    static ObjectNode streaming(Object request, boolean stream) {
        ObjectNode whole = Json.object(request);
        whole.put("stream", stream);
        return whole;
    }
}
