package io.gpt4all;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpt4all.types.Operation;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;

/** The Source that is one request. */
final class Request<T> implements Source<T> {
    private final Model model;
    private final Operation operation;
    private final ObjectNode request;
    private final BiFunction<String, List<float[]>, T> build;
    private final AtomicReference<Task> task = new AtomicReference<>();
    private volatile boolean cancelled;

    /** `build` makes what the method returns of the result's JSON and the floats. */
    Request(Model model, Operation operation, ObjectNode request, BiFunction<String, List<float[]>, T> build) {
        this.model = model;
        this.operation = operation;
        this.request = request;
        this.build = build;
    }

    @Override
    public void start() {
        if (task.get() != null) {
            return;
        }
        if (cancelled) {
            throw new CancelledException("the request was cancelled before it began");
        }
        task.set(model.submit(operation.value(), request));
        if (cancelled) { // meanwhile, by another thread
            task.get().cancel();
        }
    }

    @Override
    public Event next() {
        Task running = task.get();
        return running.done() ? null : running.next(Task.FOREVER);
    }

    @Override
    public void cancel() {
        cancelled = true;
        Task running = task.get();
        if (running != null) {
            running.cancel();
        }
    }

    @Override
    public void close() {
        cancelled = true;
        Task running = task.get();
        if (running != null) {
            running.close();
        }
    }

    @Override
    public T result() {
        Task running = task.get();
        if (running == null || !running.done()) {
            throw new CancelledException("the answer was abandoned: its stream was closed");
        }
        return build.apply(running.answer(), running.floats());
    }
}
