/** A running request: Task gives its events as they come. */

import {
  BusyError,
  CancellationError,
  ClosedError,
  errorOf,
  InvalidArgumentError,
  type LLModelError,
} from "./errors.js";
import { EventKind, type Operations, type TaskEvent } from "./generated.js";
import { checkedSignal, encode } from "./json.js";
import { native, type Arrived, type Handle } from "./native.js";

/** A tool's answer, among the events of runTools() and sessions. */
export interface ToolResultEvent {
  kind: "tool_result";
  index: number;
  data: { role: "tool"; tool_call_id: string; name: string; content: string };
}

/** One thing that a running request reports. */
export type Event = TaskEvent | ToolResultEvent;

/** An event; text of the first choice, which is nearly all that comes, is a bare string. */
export type Item = string | Event;

/** What a task needs of its model. */
export interface OpenModel {
  /** The handle. Throws ClosedError. */
  use(): Handle;
}

const KINDS = new Map(Object.entries(EventKind).map(([name, value]) => [value as number, name.toLowerCase()]));

function read([kind, index, data]: [number, number, string | Float32Array]): Event {
  const name = KINDS.get(kind) as TaskEvent["kind"];
  switch (name) {
    case "started":
    case "done":
      return { kind: name, index };
    case "text":
    case "reasoning":
      return { kind: name, index, data: data as string };
    case "embedding":
    case "logprobs":
      return { kind: name, index, data: data as Float32Array };
    default:
      return { kind: name, index, data: JSON.parse(data as string) as never };
  }
}

/** Where the addon puts what arrives. It does not know the task, so that one that is dropped can be cancelled. */
class Inbox {
  items: Item[] = [];
  answer: unknown;
  readonly floats: Float32Array[] = [];
  failure: LLModelError | undefined;
  /** Whether the end has arrived. */
  ended = false;
  /** Whether the end has been taken, and what was taken with it but not yet read. */
  taken = false;
  pending: Item[] = [];
  private wake: (() => void) | undefined;

  /** The model must not be closed while the request runs. */
  constructor(public model: OpenModel | undefined) {}

  readonly put = (batch: Arrived[]): void => {
    for (const each of batch) {
      if (typeof each === "string") {
        this.items.push(each);
      } else if (Array.isArray(each)) {
        this.putEvent(read(each));
      } else {
        this.fail(errorOf(each));
      }
    }
    this.ring();
  };

  private putEvent(event: Event): void {
    if (event.kind === "result") {
      this.answer = event.data;
    } else if (event.kind === "embedding" || event.kind === "logprobs") {
      this.floats[event.index] = event.data;
    } else if (event.kind === "done") {
      this.end();
    }
    this.items.push(event);
  }

  /** Ends it, unless it has been read to its end; whatever was not read is dropped. */
  fail(error: LLModelError): void {
    if (!this.wasRead && !this.failure) {
      this.failure = error;
      this.items = [];
      this.pending = [];
      this.end();
    }
    this.ring();
  }

  get wasRead(): boolean {
    return this.taken && this.pending.length === 0;
  }

  private end(): void {
    this.ended = true;
    this.model = undefined;
  }

  private ring(): void {
    this.wake?.();
    this.wake = undefined;
  }

  get waiting(): boolean {
    return this.wake !== undefined;
  }

  /** Resolves when something arrives, or after a time in milliseconds. */
  async arrival(timeout?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (timeout !== undefined) {
        timer = setTimeout(() => {
          this.wake = undefined;
          resolve();
        }, timeout);
      }
    });
    clearTimeout(timer);
  }
}

const dropped = new FinalizationRegistry<Handle>((handle) => native().cancel(handle));

/**
 * A request that runs in the engine, and an iterator over its events; the last is "done".
 *
 * You can leave a loop with `break` only for good: that cancels the request, as do close() and the loss of the last
 * reference to the task.
 */
export class Task<Operation extends keyof Operations = keyof Operations>
  implements AsyncIterableIterator<TaskEvent<Operation>>, AsyncDisposable
{
  readonly #inbox: Inbox;
  readonly #handle: Handle;
  readonly #abort: (() => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  #closed = false;

  /** Starts a request. Throws LLModelError. */
  constructor(model: OpenModel, operation: Operation, request: unknown, given?: AbortSignal) {
    if (typeof operation !== "string" || operation.includes("\0")) {
      throw new InvalidArgumentError(`${String(operation)} is not the name of an operation`);
    }
    const handle = model.use();
    const signal = checkedSignal(given);
    if (signal?.aborted) {
      throw new CancellationError("the request was cancelled before it began", {}, { cause: signal.reason });
    }
    const inbox = new Inbox(model);
    const submitted = native().submit(handle, operation, encode(request), inbox.put);
    if (submitted.error) {
      throw errorOf(submitted.error);
    }
    this.#inbox = inbox;
    const task = (this.#handle = submitted.task);
    dropped.register(this, task, this);
    if (signal) {
      this.#signal = signal;
      // Does not know the task either: a signal may live long.
      this.#abort = () => stop(inbox, task, signal);
      signal.addEventListener("abort", this.#abort, { once: true });
    }
  }

  /** Whether the last event has been returned. */
  get done(): boolean {
    return this.#inbox.wasRead;
  }

  /** The result's JSON, once it has arrived. */
  get answer(): Operations[Operation]["result"] | undefined {
    return this.#inbox.answer as Operations[Operation]["result"] | undefined;
  }

  /** The vectors and rows received so far, by their index. */
  get floats(): Float32Array[] {
    return this.#inbox.floats;
  }

  /**
   * Everything that has arrived, at least one item; undefined after the last. Waits up to `timeout` milliseconds, if
   * given, and then gives an empty list. Throws LLModelError.
   */
  async take(timeout?: number): Promise<Item[] | undefined> {
    const inbox = this.#inbox;
    if (inbox.taken && !inbox.failure) {
      return undefined;
    }
    if (this.#closed) {
      throw new ClosedError("the task was closed");
    }
    if (inbox.items.length === 0 && !inbox.ended) {
      if (inbox.waiting) {
        throw new BusyError("two loops wait for one task; give each a task of its own");
      }
      await inbox.arrival(timeout);
    }
    if (inbox.failure) {
      this.#release();
      throw inbox.failure;
    }
    const items = inbox.items;
    inbox.items = [];
    if (inbox.ended && items.length > 0) {
      inbox.taken = true;
      this.#release();
    }
    return items;
  }

  /** Waits up to `timeout` milliseconds, without it without limit, for the next event; undefined if there is none. */
  async poll(timeout?: number): Promise<TaskEvent<Operation> | undefined> {
    const inbox = this.#inbox;
    if (inbox.pending.length === 0) {
      inbox.pending = ((await this.take(timeout)) ?? []).reverse();
    }
    const item = inbox.pending.pop();
    return (typeof item === "string" ? { kind: "text", index: 0, data: item } : item) as
      TaskEvent<Operation> | undefined;
  }

  async next(): Promise<IteratorResult<TaskEvent<Operation>>> {
    if (this.#inbox.failure) {
      throw this.#inbox.failure;
    }
    const value = await this.poll();
    return value === undefined ? { value, done: true } : { value, done: false };
  }

  return(): Promise<IteratorResult<TaskEvent<Operation>>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits for the end and returns the result's JSON, skipping all other events. Throws LLModelError. */
  async result(): Promise<Operations[Operation]["result"]> {
    while (await this.take()) {
      // what arrives is dropped
    }
    return this.answer as Operations[Operation]["result"];
  }

  /** Stops the request. A loop that is waiting for it gets CancellationError. Safe to call at any time. */
  cancel(): void {
    stop(this.#inbox, this.#handle);
  }

  /** Cancels the request if it is still running. Safe to call at any time, and more than once. */
  close(): void {
    this.cancel();
    this.#release();
    this.#closed = true;
  }

  #release(): void {
    dropped.unregister(this);
    if (this.#abort) {
      this.#signal?.removeEventListener("abort", this.#abort);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

function stop(inbox: Inbox, handle: Handle, signal?: AbortSignal): void {
  if (!inbox.wasRead) {
    native().cancel(handle);
    const cause = signal ? { cause: signal.reason as unknown } : {};
    inbox.fail(new CancellationError("the request was cancelled", {}, cause));
  }
}
