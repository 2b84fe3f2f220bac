package io.gpt4all;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.gpt4all.internal.Json;
import java.util.function.Function;

/**
 * The Source that is an answer in a conversation, to which it adds what was said when it is complete.
 *
 * <p>One that fails leaves the conversation as it was. So does one that is cancelled, unless the session is to keep what
 * had come.
 */
final class Turn<S, T> implements Source<T> {
    private final Session session;
    private final Source<S> source;
    private final int keep;
    private final ArrayNode added;
    private final Function<S, ArrayNode> said;
    private final Function<S, T> answer;
    private final StringBuilder pieces = new StringBuilder();
    private volatile boolean failed;
    private boolean ended; // under the session's lock

    Turn(
            Session session,
            Source<S> source,
            int keep,
            ArrayNode added,
            Function<S, ArrayNode> said,
            Function<S, T> answer) {
        this.session = session;
        this.source = source;
        this.keep = keep;
        this.added = added;
        this.said = said;
        this.answer = answer;
    }

    boolean ended() {
        return ended;
    }

    @Override
    public void start() {
        try {
            source.start();
        } catch (RuntimeException error) {
            end(null);
            throw error;
        }
    }

    @Override
    public Event next() {
        try {
            Event event = source.next();
            if (event instanceof Event.Text piece && piece.index() == 0) {
                append(piece.text());
            } else if (event instanceof Event.ToolResult) {
                clear(); // what came before the call is not what would be kept of the answer
            } else if (event == null) {
                end(said.apply(source.result()));
            }
            return event;
        } catch (CancelledException error) {
            throw error;
        } catch (RuntimeException | Error error) {
            failed = true;
            throw error;
        }
    }

    private void append(String piece) {
        session.lock.lock();
        try {
            pieces.append(piece);
        } finally {
            session.lock.unlock();
        }
    }

    private void clear() {
        session.lock.lock();
        try {
            pieces.setLength(0);
        } finally {
            session.lock.unlock();
        }
    }

    /** Adds to the conversation, once, if there is anything to add. */
    private void end(ArrayNode more) {
        session.lock.lock();
        try {
            if (!ended) {
                ended = true;
                if (more != null) {
                    session.conversation.cut(keep);
                    session.conversation.messages.addAll(added).addAll(more);
                }
            }
        } finally {
            session.lock.unlock();
        }
    }

    @Override
    public void cancel() {
        source.cancel();
    }

    @Override
    public void close() {
        source.close();
        session.lock.lock();
        try {
            boolean partial = session.keepPartial && !pieces.isEmpty() && !failed;
            end(partial ? one(pieces.toString()) : null);
        } finally {
            session.lock.unlock();
        }
    }

    private static ArrayNode one(String text) {
        return JsonNodeFactory.instance.arrayNode().add(Conversation.message("assistant", text));
    }

    /** What a chat says. */
    static ArrayNode saidBy(ChatResult<?> result) {
        return JsonNodeFactory.instance.arrayNode().add(result.messageNode());
    }

    /** What the model and the tools say in a run that began with a prompt of so many messages. */
    static ArrayNode saidBy(ToolsResult result, int promptLength) {
        ArrayNode more = JsonNodeFactory.instance.arrayNode();
        result.messages().stream().skip(promptLength).forEach(message -> more.add(Json.node(message)));
        return more;
    }

    @Override
    public T result() {
        return answer.apply(source.result());
    }
}
