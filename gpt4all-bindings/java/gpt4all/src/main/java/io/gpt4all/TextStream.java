package io.gpt4all;

import io.gpt4all.internal.Cleaners;
import java.lang.ref.Reference;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An answer that is being written: iterate over it for the text, piece by piece; result() is the whole answer.
 *
 * <p>It is its own iterator, so you can leave a loop and resume it later. The request runs until its end, or until
 * close(), which a `try` block calls, or the loss of the last reference. With several choices, iterating gives the text
 * of the first, and events() gives everything. One thread at a time may iterate (BusyException); cancel() and close()
 * may be called from any. hasNext() waits, and raises the LLModelException that the request fails with.
 */
public final class TextStream<T> implements Iterator<String>, Iterable<String>, AutoCloseable {
    private final Source<T> source;
    private final StringBuilder text = new StringBuilder();
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicBoolean subscribed = new AtomicBoolean();
    private String ahead;
    private LLModelException failure;
    private boolean finished;
    private volatile boolean closed;

    TextStream(Source<T> source) {
        this.source = source;
        source.start();
        // A stream that is dropped ends what runs for it, though the request may be known elsewhere.
        Cleaners.register(this, source::close);
    }

    @Override
    public Iterator<String> iterator() {
        return this;
    }

    @Override
    public boolean hasNext() {
        while (ahead == null) {
            Event event = nextEvent();
            if (event == null) {
                return false;
            }
            if (event instanceof Event.Text piece && piece.index() == 0) {
                ahead = piece.text();
            }
        }
        return true;
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the answer has ended");
        }
        String piece = ahead;
        ahead = null;
        return piece;
    }

    /** Everything that arrives: text, reasoning, pieces of tool calls, progress. */
    public Iterator<Event> events() {
        return new Iterator<>() {
            private Event event;

            @Override
            public boolean hasNext() {
                event = event == null ? nextEvent() : event;
                return event != null;
            }

            @Override
            public Event next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the answer has ended");
                }
                Event given = event;
                event = null;
                return given;
            }
        };
    }

    /** The next event; null after the last. */
    Event nextEvent() {
        if (!busy.compareAndSet(false, true)) {
            throw new BusyException("two threads are iterating over one stream; give each its own stream");
        }
        try {
            if (failure != null) {
                throw failure;
            }
            if (finished) {
                return null;
            }
            return nextOfSource();
        } finally {
            busy.set(false);
            Reference.reachabilityFence(this);
        }
    }

    private Event nextOfSource() {
        if (closed) {
            throw new ClosedException("the stream was closed; make the request again");
        }
        try {
            Event event = source.next();
            if (event == null) {
                finished = true;
                source.close();
            } else if (event instanceof Event.Text piece && piece.index() == 0) {
                text.append(piece.text());
            }
            return event;
        } catch (BusyException error) {
            throw error;
        } catch (LLModelException error) {
            failure = error;
            source.close();
            throw error;
        } catch (RuntimeException | Error error) { // a function's, which goes to no model
            close();
            throw error;
        }
    }

    /** The pieces as a java.util.stream.Stream; closing that closes this. */
    public Stream<String> stream() {
        int how = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, how), false)
                .onClose(this::close);
    }

    /** The pieces for one subscriber, read as it asks for them; cancelling the subscription closes this. */
    public Flow.Publisher<String> publisher() {
        return new TextPublisher(this, subscribed);
    }

    /** The text of the first choice, as far as it has been iterated over. */
    public String text() {
        return text.toString();
    }

    /**
     * Waits for the end and returns the whole answer. Raises the error that the request failed with, and
     * CancelledException if the stream was closed early.
     */
    public T result() {
        while (!finished && !closed) {
            if (nextEvent() == null) {
                break;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return source.result();
    }

    /** result(), read on a virtual thread. Cancelling the future cancels the request. */
    public CompletableFuture<T> resultAsync() {
        return Asynchronous.start(this::result, this::close);
    }

    /** Stops the request; may be called from any thread. Whoever iterates gets CancelledException. */
    public void cancel() {
        source.cancel();
        Reference.reachabilityFence(this);
    }

    /** Cancels the request if it is still running, and releases it. Safe at any time, and more than once. */
    @Override
    public void close() {
        closed = true;
        source.close();
        Reference.reachabilityFence(this);
    }
}
