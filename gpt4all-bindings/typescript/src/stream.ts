/** Answers that are being written: Stream gives the pieces of one as they come, and then the whole of it. */

import { BusyError, CancellationError, ClosedError } from "./errors.js";
import type { Operation } from "./operations.js";
import { Task, type Event, type Item, type OpenModel } from "./task.js";

/** What an answer comes from: one request, or several with calls of functions between them. */
export interface Source<T> {
  /** Begins it. Throws LLModelError. */
  start(): void;
  /** Everything that arrives, in batches. Is iterated over once. */
  batches(): AsyncGenerator<Item[]>;
  /** Stops what runs; batches() then throws CancellationError, unless everything has arrived. */
  cancel(): void;
  /** Is called once, at the end: with the error that it failed with, if it did. */
  settle?(error: unknown): void;
  /** The whole answer, at the end. */
  readonly result: T;
}

/** The Source that is one request. */
export class Request<T> implements Source<T> {
  #task: Task | undefined;

  constructor(
    private readonly model: OpenModel,
    private readonly operation: Operation<T>,
    private readonly signal?: AbortSignal,
  ) {}

  start(): void {
    this.#task ??= new Task(this.model, this.operation.name, this.operation.request, this.signal);
  }

  async *batches(): AsyncGenerator<Item[]> {
    this.start();
    const task = this.#task as Task;
    try {
      for (let items = await task.take(); items; items = await task.take()) {
        yield items;
      }
    } finally {
      task.close();
    }
  }

  cancel(): void {
    this.#task?.cancel();
  }

  get result(): T {
    const task = this.#task as Task;
    return this.operation.build(task.answer as never, task.floats);
  }
}

/**
 * Begins what `make` gives, with what the caller's objects hold now: they may be changed as soon as this returns. Waits
 * for the end and returns the whole answer. Rejects with LLModelError, what `make` throws included.
 */
export async function begun<T>(make: () => Source<T>): Promise<T> {
  const source = make();
  try {
    source.start();
    for await (const _ of source.batches()) {
      // what arrives is in the result, too
    }
    source.settle?.(undefined);
  } catch (error) {
    source.settle?.(error);
    throw error;
  }
  return source.result;
}

/** What has arrived and was not read. It does not know the stream, so that one that is dropped can be cancelled. */
class Queue<T> {
  items: Item[] = [];
  failure: { error: unknown } | undefined;
  ended = false;
  waiting: (() => void) | undefined;
  readonly result: Promise<T>;

  constructor(readonly source: Source<T>) {
    this.result = this.fill();
    this.result.catch(() => undefined); // whoever iterates is told as well
  }

  private async fill(): Promise<T> {
    try {
      for await (const batch of this.source.batches()) {
        this.items = this.items.length > 0 ? this.items.concat(batch) : batch;
        this.wake();
      }
      this.source.settle?.(undefined);
      return this.source.result;
    } catch (error) {
      this.source.settle?.(error);
      this.failure ??= { error };
      throw this.failure.error;
    } finally {
      this.ended = true;
      this.wake();
    }
  }

  wake(): void {
    this.waiting?.();
    this.waiting = undefined;
  }
}

const dropped = new FinalizationRegistry<Source<unknown>>((source) => source.cancel());

/**
 * An answer that is being written: iterate over it for the text, piece by piece; `result` is a promise of the whole
 * answer, which comes whether or not you iterate.
 *
 * The request runs until its end, or until a loop over it is left with `break`, `return` or an exception, until close()
 * or the end of its `using` block, the request's AbortSignal, or the loss of the last reference to the stream. With
 * several choices (`n` above 1), iterating yields the text of the first, and events() yields everything.
 */
export class Stream<T> implements AsyncIterableIterator<string>, AsyncDisposable, Disposable {
  readonly #queue: Queue<T>;
  #closed = false;
  #text = "";
  #batch: Item[] = [];
  #next = 0;

  /** Throws LLModelError. */
  constructor(source: Source<T>) {
    source.start();
    this.#queue = new Queue(source);
    dropped.register(this, source, this);
  }

  /** The next item, or undefined after the last. */
  async #item(): Promise<Item | undefined> {
    const queue = this.#queue;
    while (this.#next >= this.#batch.length) {
      if (this.#closed) {
        if (queue.ended && !queue.failure) {
          return undefined;
        }
        throw new ClosedError("the stream was closed; make the request again");
      }
      if (queue.items.length === 0) {
        if (queue.ended) {
          dropped.unregister(this);
          if (queue.failure) {
            throw queue.failure.error;
          }
          return undefined;
        }
        if (queue.waiting) {
          throw new BusyError("two loops are iterating over one stream; give each its own stream");
        }
        await new Promise<void>((resolve) => (queue.waiting = resolve));
      }
      this.#batch = queue.items;
      this.#next = 0;
      queue.items = [];
    }
    const item = this.#batch[this.#next++] as Item;
    if (typeof item === "string") {
      this.#text += item;
    }
    return item;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    for (;;) {
      const item = await this.#item();
      if (item === undefined) {
        return { value: undefined, done: true };
      }
      if (typeof item === "string") {
        return { value: item, done: false };
      }
    }
  }

  /** Leaves the stream: what `break` calls. */
  return(): Promise<IteratorResult<string, undefined>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Everything that arrives: text, reasoning, pieces of tool calls, progress. */
  events(): AsyncGenerator<Event, undefined> {
    const events = this.#events();
    const leave = events.return.bind(events);
    // A generator that was not begun knows of no end.
    events.return = (value) => {
      this.close();
      return leave(value);
    };
    return events;
  }

  async *#events(): AsyncGenerator<Event, undefined> {
    try {
      for (let item = await this.#item(); item !== undefined; item = await this.#item()) {
        yield typeof item === "string" ? { kind: "text", index: 0, data: item } : item;
      }
      return undefined;
    } finally {
      this.close();
    }
  }

  /** The first choice's text, as far as it has been iterated over. */
  get text(): string {
    return this.#text;
  }

  /**
   * The whole answer. Rejects with the error that the request failed with, and with CancellationError if the stream was
   * closed early.
   */
  get result(): Promise<T> {
    return this.#queue.result;
  }

  /** Stops the request. The loop over this stream ends with CancellationError. Safe to call at any time. */
  cancel(): void {
    this.#queue.source.cancel();
  }

  /** Cancels the request if it is still running. Safe to call at any time, and more than once. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#batch = [];
    this.#next = 0;
    dropped.unregister(this);
    const queue = this.#queue;
    if (!queue.ended) {
      queue.failure = { error: new CancellationError("the answer was abandoned: its stream was closed") };
      queue.source.cancel();
      queue.wake();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
