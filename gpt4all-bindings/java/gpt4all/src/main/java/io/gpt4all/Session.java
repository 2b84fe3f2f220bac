package io.gpt4all;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.internal.Format;
import io.gpt4all.internal.Json;
import io.gpt4all.types.ChatRequest;
import io.gpt4all.types.Message;
import io.gpt4all.types.Operation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A conversation: chat() asks, and remembers the question and the answer.
 *
 * <p>Any number of sessions may share a model; whatever they have in common is computed once. A session gives one answer
 * at a time: SessionBusyException for a second one, from this thread or another. To get several answers at once, fork()
 * it. An answer that fails, is cancelled or left early is forgotten together with its question.
 */
public final class Session {
    final ReentrantLock lock = new ReentrantLock();
    final Conversation conversation = new Conversation();
    boolean keepPartial;
    private Model model;
    private List<Tool> tools = List.of();
    private int maxRounds = ToolLoop.MAX_ROUNDS;
    private ObjectNode options = JsonNodeFactory.instance.objectNode();
    private Turn<?, ?> turn;

    /** A conversation that is empty. */
    public Session(Model model) {
        this.model = Objects.requireNonNull(model, "model");
    }

    /** A conversation with a system message. */
    public Session(Model model, String system) {
        this(model);
        conversation.system(system);
    }

    /** Sets options for every answer; chat() can override them. */
    public Session options(Consumer<ChatRequest.Builder> options) {
        return options(Requests.options(options));
    }

    Session options(ObjectNode given) {
        options = given;
        return this;
    }

    /** Sets tools for every answer. Functions are called when the model asks for them. */
    public Session tools(List<Tool> tools) {
        this.tools = List.copyOf(tools);
        return this;
    }

    /** Sets how many answers the model may give to one question, if it asks for calls. */
    public Session maxRounds(int rounds) {
        maxRounds = rounds;
        return this;
    }

    /** Sets whether to keep what was written of an answer that is cancelled or left early. */
    public Session keepPartial(boolean keep) {
        keepPartial = keep;
        return this;
    }

    /** The model that answers. */
    public Model model() {
        return model;
    }

    /** Lets another model answer from now on. */
    public Session model(Model other) {
        model = Objects.requireNonNull(other, "model");
        return this;
    }

    // --------------------------------------------------------------------------------------------------------- answers

    /** Asks and waits for the answer. */
    public ChatResult<Object> chat(String message) {
        return chat(message, options -> {});
    }

    /** Asks and waits for the answer. */
    public ChatResult<Object> chat(String message, Consumer<ChatRequest.Builder> options) {
        return ask(List.of(Messages.user(message)), Requests.options(options), false)
                .finish();
    }

    /** Asks and gives the answer as it is written. */
    public TextStream<ChatResult<Object>> chatStream(String message) {
        return chatStream(message, options -> {});
    }

    /** Asks and gives the answer as it is written. */
    public TextStream<ChatResult<Object>> chatStream(String message, Consumer<ChatRequest.Builder> options) {
        return new TextStream<>(ask(List.of(Messages.user(message)), Requests.options(options), true));
    }

    /** Asks for an object of a type, most often a record: see parsed() of the answer. */
    public <T> ChatResult<T> chat(String message, Class<T> type, Consumer<ChatRequest.Builder> options) {
        Format<T> format = new Format<>(type);
        ObjectNode request = Requests.options(options);
        format.describe(request);
        String json =
                ask(List.of(Messages.user(message)), request, false).finish().json();
        return ChatResult.of(json, format);
    }

    /** Adds messages and waits for the answer to them. */
    public ChatResult<Object> chat(List<? extends Message> messages, Consumer<ChatRequest.Builder> options) {
        return ask(messages, Requests.options(options), false).finish();
    }

    /** Answers the last question again. The new answer replaces the old one when it is complete. */
    public ChatResult<Object> regenerate() {
        return regenerate(options -> {});
    }

    /** Answers the last question again. The new answer replaces the old one when it is complete. */
    public ChatResult<Object> regenerate(Consumer<ChatRequest.Builder> options) {
        return again(Requests.options(options), false).finish();
    }

    /** As regenerate(), and gives the answer as it is written. */
    public TextStream<ChatResult<Object>> regenerateStream(Consumer<ChatRequest.Builder> options) {
        return new TextStream<>(again(Requests.options(options), true));
    }

    private Source<ChatResult<Object>> again(ObjectNode request, boolean stream) {
        lock.lock();
        try {
            checkIdle();
            List<Integer> questions = conversation.questions();
            if (questions.isEmpty()) {
                throw new InvalidArgumentException("the session has no question to answer again");
            }
            int last = questions.getLast();
            ArrayNode question = JsonNodeFactory.instance.arrayNode().add(conversation.messages.get(last));
            return begin(last, question, request, stream);
        } finally {
            lock.unlock();
        }
    }

    /** A turn that adds messages and their answer. */
    Source<ChatResult<Object>> ask(List<?> messages, ObjectNode request, boolean stream) {
        lock.lock();
        try {
            return begin(conversation.messages.size(), Conversation.of(messages), request, stream);
        } finally {
            lock.unlock();
        }
    }

    private Source<ChatResult<Object>> begin(int keep, ArrayNode added, ObjectNode request, boolean stream) {
        checkIdle();
        ArrayNode prompt = conversation.first(keep).addAll(added.deepCopy());
        ObjectNode whole = JsonNodeFactory.instance.objectNode();
        whole.setAll(options.deepCopy());
        whole.setAll(request);
        if (whole.path("n").asInt(1) != 1) {
            throw new InvalidArgumentException("a session continues with one answer; leave \"n\" out");
        }
        whole.set("messages", prompt);
        whole.put("stream", stream);
        int length = prompt.size();
        Turn<?, ChatResult<Object>> begun;
        if (tools.isEmpty()) {
            Format<Object> format = Format.of(whole);
            Request<ChatResult<Object>> source =
                    new Request<>(model, Operation.CHAT, whole, (json, floats) -> ChatResult.of(json, format));
            begun = new Turn<>(this, source, keep, added, Turn::saidBy, result -> result);
        } else {
            ToolLoop source = new ToolLoop(model, whole, tools, maxRounds);
            begun = new Turn<>(this, source, keep, added, result -> Turn.saidBy(result, length), ToolsResult::answer);
        }
        turn = begun;
        return begun;
    }

    // --------------------------------------------------------------------------------------------------------- history

    /** The conversation so far, oldest first, as maps by the JSON's names. */
    public List<Map<String, Object>> messages() {
        lock.lock();
        try {
            return Conversation.maps(conversation.messages);
        } finally {
            lock.unlock();
        }
    }

    /** Replaces the conversation with messages: records of io.gpt4all.types, or maps by the JSON's names. */
    public void messages(List<?> messages) {
        change(() -> conversation.messages = Conversation.of(messages));
    }

    /** The text of the system message; null if the conversation does not begin with one. */
    public String system() {
        lock.lock();
        try {
            return conversation.system();
        } finally {
            lock.unlock();
        }
    }

    /** Replaces the system message; null removes it. */
    public void system(String text) {
        change(() -> conversation.system(text));
    }

    /** Removes the last question and everything after it, and returns what was removed. */
    public List<Map<String, Object>> undo() {
        return undo(1);
    }

    /** Removes the last questions, as many as `turns` says, and everything after them. Returns what was removed. */
    public List<Map<String, Object>> undo(int turns) {
        List<Map<String, Object>> taken = new ArrayList<>();
        change(() -> {
            List<Integer> questions = conversation.questions();
            if (turns < 1 || turns > questions.size()) {
                throw new InvalidArgumentException(
                        turns + " turns cannot be undone: the session has " + questions.size());
            }
            taken.addAll(Conversation.maps(conversation.cut(questions.get(questions.size() - turns))));
        });
        return taken;
    }

    /** Replaces a message's content, and removes the messages after it. After editing a question, regenerate(). */
    public void edit(int index, Object content) {
        change(() -> {
            int size = conversation.messages.size();
            if (index < -size || index >= size) {
                throw new InvalidArgumentException("there is no message " + index + ": the session has " + size);
            }
            int place = index < 0 ? index + size : index;
            conversation.cut(place + 1);
            ((ObjectNode) conversation.messages.get(place)).set("content", Json.node(content));
        });
    }

    /** A session of its own with the same past, tools and options. */
    public Session fork() {
        lock.lock();
        try {
            Session other = new Session(model)
                    .options(options.deepCopy())
                    .tools(tools)
                    .maxRounds(maxRounds)
                    .keepPartial(keepPartial);
            other.conversation.messages = conversation.messages.deepCopy();
            return other;
        } finally {
            lock.unlock();
        }
    }

    /** Whether an answer is in progress. */
    public boolean busy() {
        lock.lock();
        try {
            return turn != null && !turn.ended();
        } finally {
            lock.unlock();
        }
    }

    private void checkIdle() {
        if (busy()) {
            throw new SessionBusyException(
                    "the session is answering; wait for it to finish, close its stream, or fork() the session");
        }
    }

    private void change(Runnable work) {
        lock.lock();
        try {
            checkIdle();
            work.run();
        } finally {
            lock.unlock();
        }
    }

    /** Writes the conversation, without its tools, to a JSON file that every binding reads: completely or not at all. */
    public void save(Path path) {
        save(path, false);
    }

    /**
     * Writes the conversation, without its tools, to a JSON file that every binding reads: completely or not at all.
     *
     * @param path the file
     * @param state whether to write what the engine has computed for it, too, to the path with ".state" behind it, so
     *     that the conversation continues quickly after load(): about 10 to 100 KB per token
     */
    public void save(Path path, boolean state) {
        change(() -> {
            boolean wanted = state && !conversation.messages.isEmpty();
            String file = wanted ? SessionFile.writeState(path, model, conversation.messages, options, tools) : null;
            SessionFile.write(path, conversation.messages, options, maxRounds, keepPartial, file);
        });
    }

    /**
     * The session that save() wrote, in any language. Raises InvalidArgumentException for a file of another kind. A saved
     * state is used if it is there and fits; without it only time is lost, of which GPT4All.setLog() tells.
     */
    public static Session load(Path path, Model model) {
        ObjectNode content = SessionFile.read(path);
        SessionFile.readState(path, model, content.path("state").asText(null));
        Session session = new Session(model)
                .options((ObjectNode) content.get("options"))
                .maxRounds(content.get("max_rounds").asInt())
                .keepPartial(content.get("keep_partial").asBoolean());
        session.conversation.messages = (ArrayNode) content.get("messages");
        return session;
    }
}
