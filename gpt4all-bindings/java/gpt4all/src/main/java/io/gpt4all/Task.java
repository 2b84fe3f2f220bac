package io.gpt4all;

import io.gpt4all.internal.Cleaners;
import io.gpt4all.internal.Json;
import io.gpt4all.internal.NativeTask;
import io.gpt4all.internal.RawEvent;
import io.gpt4all.types.EventKind;
import io.gpt4all.types.Logprobs;
import io.gpt4all.types.ProgressEvent;
import io.gpt4all.types.ToolCallEvent;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A request that runs in the engine, and an iterator over its events; the last is {@link Event.Done}.
 *
 * <p>cancel() and close() may be called from any thread, everything else from one thread at a time: BusyException
 * otherwise. Closing or dropping the task cancels it. A thread that is interrupted while it waits cancels it, too, and
 * gets CancelledException; it stays interrupted.
 */
public final class Task implements Iterator<Event>, AutoCloseable {
    static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE);

    private final Model model; // keeps it open for as long as the task is used
    private final NativeTask task;
    private final ArrayDeque<RawEvent> fetched = new ArrayDeque<>();
    private final SortedMap<Integer, float[]> floats = new TreeMap<>();
    private volatile boolean done;
    private boolean failed;
    private String answer;

    Task(Model model, NativeTask task) {
        this.model = model;
        this.task = task;
        Cleaners.register(this, task::close);
    }

    /** Whether the last event has been returned. */
    public boolean done() {
        return done;
    }

    /** Whether there are events to wait for: until Done has come, or the request has failed. */
    @Override
    public boolean hasNext() {
        return !done && !failed;
    }

    /** Waits for the next event. Raises LLModelException. */
    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the request has ended");
        }
        return next(FOREVER);
    }

    /** Waits for the next event. Returns null if there was none in time. Raises LLModelException. */
    public Event next(Duration timeout) {
        task.enter();
        try {
            if (fetched.isEmpty()) {
                fetched.addAll(task.fetch(timeout));
            }
            RawEvent raw = fetched.poll();
            return raw == null ? null : read(raw);
        } catch (LLModelException error) {
            failed = true;
            throw error;
        } finally {
            task.leave();
            Reference.reachabilityFence(model);
            Reference.reachabilityFence(this);
        }
    }

    private Event read(RawEvent raw) {
        int index = raw.index();
        if (raw.kind() == EventKind.TEXT.value()) {
            return new Event.Text(index, raw.text());
        }
        EventKind kind = EventKind.values()[raw.kind()];
        return switch (kind) {
            case STARTED -> new Event.Started(index);
            case PROGRESS -> new Event.Progress(index, Json.read(raw.text(), ProgressEvent.class));
            case TEXT -> new Event.Text(index, raw.text());
            case REASONING -> new Event.Reasoning(index, raw.text());
            case TOOL_CALL -> new Event.ToolCall(index, Json.read(raw.text(), ToolCallEvent.class));
            case TOKEN_LOGPROBS -> new Event.TokenLogprobs(index, Json.read(raw.text(), Logprobs.class));
            case EMBEDDING -> {
                floats.put(index, raw.floats());
                yield new Event.Embedding(index, raw.floats());
            }
            case LOGPROBS -> {
                floats.put(index, raw.floats());
                yield new Event.Logprobs(index, raw.floats());
            }
            case RESULT -> {
                answer = raw.text();
                yield new Event.Result(index, answer);
            }
            case DONE -> {
                done = true;
                task.close();
                yield new Event.Done(index);
            }
            case NONE -> throw new InternalException("the library gave an event of no kind");
        };
    }

    /** The result's JSON, once it has arrived; else null. */
    public String answer() {
        return answer;
    }

    /** The vectors and rows received so far, by their index. */
    public List<float[]> floats() {
        return new ArrayList<>(floats.values());
    }

    /** Waits for the end and returns the result's JSON, skipping all other events. Raises LLModelException. */
    public String result() {
        while (hasNext()) {
            next();
        }
        if (!done) {
            throw new CancelledException("the answer was abandoned: its request failed or was closed");
        }
        return answer;
    }

    /** Stops the request. A thread that is waiting for it gets CancelledException. Safe to call at any time. */
    public void cancel() {
        task.cancel();
        Reference.reachabilityFence(this);
    }

    /** Cancels the request if it is still running, and releases it. Safe at any time, more than once, on any thread. */
    @Override
    public void close() {
        task.close();
        Reference.reachabilityFence(this);
    }
}
