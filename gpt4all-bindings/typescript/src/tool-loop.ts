/** Rounds of answers and calls: the model asks for functions, they are called, it answers with what they gave. */

import {
  CancellationError,
  InvalidArgumentError,
  LLModelError,
  shown,
  ToolRoundsError,
  wholeNumber,
} from "./errors.js";
import { checkedSignal } from "./json.js";
import type { Message, ToolCall } from "./generated.js";
import { warn } from "./log.js";
import { asMessages, chat, type ChatOptions, type Messages } from "./operations.js";
import type { ChatResult } from "./results.js";
import { Request, type Source } from "./stream.js";
import type { Item, OpenModel, ToolResultEvent } from "./task.js";
import { describe, FunctionTool, type Tools } from "./tools.js";

/** The largest number of answers of the model in one run, where the caller does not say. */
export const MAX_ROUNDS = 10;

/** A call that has been made. */
export interface ToolOutcome {
  name: string;
  /** JSON text, as the model wrote it. */
  arguments: string;
  /** What the model was told. */
  content: string;
  /** What the function returned; undefined if it threw. */
  value?: unknown;
  /** What it threw, or what was wrong with the call. */
  error?: unknown;
}

/** The outcome of a run with tools. */
export class ToolsResult<P = unknown> {
  constructor(
    /** The model's last answer. */
    readonly answer: ChatResult<P>,
    /** The whole conversation: the input, the calls, what the tools returned, and the last answer. */
    readonly messages: Message[],
    /** The calls that were made, in order. */
    readonly calls: ToolOutcome[],
    /** How many answers the model gave. */
    readonly rounds: number,
  ) {}

  /** The last answer's. */
  get text(): string {
    return this.answer.text;
  }

  /** The last answer's. */
  get parsed(): P {
    return this.answer.parsed;
  }

  toString(): string {
    return this.text;
  }
}

/** What a run with tools may be told. */
export interface ToolLoopOptions {
  maxRounds?: number;
  signal?: AbortSignal;
}

/** The Source that answers, calls and answers again. */
export class ToolLoop<P> implements Source<ToolsResult<P>> {
  readonly #messages: Message[];
  readonly #functions = new Map<string, FunctionTool>();
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #maxRounds: number;
  readonly #calls: ToolOutcome[] = [];
  #options: ChatOptions<P>;
  #current: Request<ChatResult<P>>;
  #result: ToolsResult<P> | undefined;

  /** Throws InvalidArgumentError. */
  constructor(
    private readonly model: OpenModel,
    messages: Messages,
    private readonly tools: Tools,
    options: ChatOptions<P>,
    private readonly stream: boolean,
    { maxRounds = MAX_ROUNDS, signal: given }: ToolLoopOptions,
  ) {
    this.#messages = asMessages(messages);
    describe(tools);
    for (const each of tools) {
      if (each instanceof FunctionTool) {
        this.#functions.set(each.name, each as FunctionTool);
      }
    }
    if (wholeNumber(maxRounds, "maxRounds") < 1) {
      throw new InvalidArgumentError(`maxRounds is ${maxRounds}, but a run needs at least one round`);
    }
    if ((options.n ?? 1) !== 1) {
      throw new InvalidArgumentError('a run with tools has one answer at a time; leave "n" out');
    }
    this.#maxRounds = maxRounds;
    this.#options = { ...options, tools };
    const signal = checkedSignal(given);
    this.#signal = checkedSignal(signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal);
    this.#current = this.#round();
  }

  #round(): Request<ChatResult<P>> {
    return new Request(this.model, chat<P>([...this.#messages], this.#options, this.stream), this.#signal);
  }

  start(): void {
    this.#current.start();
  }

  async *batches(): AsyncGenerator<Item[]> {
    for (let rounds = 1; ; ++rounds) {
      yield* this.#current.batches();
      const answer = this.#current.result;
      const message = withoutCutCalls(answer.message);
      this.#messages.push(message);
      const calls = ("tool_calls" in message && message.tool_calls) || [];
      const left = calls.some((call) => !this.#functions.has(call.function.name) && this.#isLeft(call.function.name));
      if (calls.length === 0 || left) {
        this.#result = new ToolsResult(answer, this.#messages, this.#calls, rounds);
        return;
      }
      if (rounds === this.#maxRounds) {
        throw new ToolRoundsError(
          `after ${rounds} rounds the model is still asking for calls; raise maxRounds, or ask for less`,
          { messages: this.#messages, rounds },
        );
      }
      const told = await Promise.all(calls.map((call) => this.#call(call)));
      this.#check();
      for (const data of told) {
        this.#messages.push(data);
        yield [{ kind: "tool_result", index: 0, data }];
      }
      if (this.#options.tool_choice !== "none") {
        this.#options = { ...this.#options, tool_choice: "auto" };
      }
      this.#check();
      this.#current = this.#round();
    }
  }

  #isLeft(name: string): boolean {
    return this.tools.some((each) => !(each instanceof FunctionTool) && each.function.name === name);
  }

  #check(): void {
    if (this.#signal.aborted) {
      throw new CancellationError("the run was cancelled between two answers", {}, { cause: this.#signal.reason });
    }
  }

  /** Calls a function; the model is told what it returns or throws. */
  async #call({ id, function: { name, arguments: given } }: ToolCall): Promise<ToolResultEvent["data"]> {
    const text = typeof given === "string" ? given : JSON.stringify(given);
    const outcome: ToolOutcome = { name, arguments: text, content: "" };
    this.#calls.push(outcome);
    try {
      const tool = this.#functions.get(name);
      if (!tool) {
        throw new Error(`there is no tool "${name}"; the tools are ${[...this.#functions.keys()].join(", ")}`);
      }
      outcome.value = await withSignal(tool.call(text, { signal: this.#signal }), this.#signal);
      outcome.content = contentOf(outcome.value);
    } catch (error) {
      this.#check();
      outcome.error = error;
      delete outcome.value;
      const told = thrownText(error);
      warn(`the tool ${name}(${text}) failed: ${told}`);
      outcome.content = JSON.stringify({ error: told });
    }
    return { role: "tool", tool_call_id: id ?? "", name, content: outcome.content };
  }

  cancel(): void {
    this.#controller.abort(new LLModelError("the run was cancelled"));
  }

  get result(): ToolsResult<P> {
    return this.#result as ToolsResult<P>;
  }
}

/** What the model is told of a value: a text as it is, all else as JSON. */
function contentOf(value: unknown): string {
  const content = typeof value === "string" ? value : (JSON.stringify(value ?? null) as string | undefined);
  if (content === undefined) {
    throw new TypeError(`the function returned ${shown(value)}, which JSON cannot express`);
  }
  if (!content.isWellFormed()) {
    throw new TypeError(`the function returned a text with a lone surrogate, which is not Unicode: ${shown(content)}`);
  }
  return content;
}

/** What was thrown, which may be anything, as text. */
function thrownText(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return shown(error);
  }
}

/** A promise, or the end of the wait for it when the signal comes: a function need not heed the signal. */
async function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new CancellationError("the run was cancelled"));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener("abort", stop as () => void);
  }
}

/** A message without a call that max_tokens cut short, which no template could show to the model again. */
function withoutCutCalls(message: Message): Message {
  if (!("tool_calls" in message) || !message.tool_calls) {
    return message;
  }
  const { tool_calls: calls, ...rest } = message;
  const whole = calls.filter((call) => isObject(call.function.arguments));
  return (whole.length > 0 ? { ...rest, tool_calls: whole } : rest) as Message;
}

function isObject(given: unknown): boolean {
  try {
    const value: unknown = typeof given === "string" ? JSON.parse(given) : given;
    return value !== null && typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
}
