/** A conversation with a model. */

import { CancellationError, InvalidArgumentError, SessionBusyError, shown, wholeNumber } from "./errors.js";
import type { Message } from "./generated.js";
import { Model, type Signalled } from "./model.js";
import { asMessages, chat, type ChatOptions, type Messages } from "./operations.js";
import type { ChatResult } from "./results.js";
import { readSession, restoreState, saveState, writeSession } from "./session-file.js";
import { begun, Request, Stream, type Source } from "./stream.js";
import type { Item } from "./task.js";
import { MAX_ROUNDS, ToolLoop, ToolsResult } from "./tool-loop.js";
import type { Tools } from "./tools.js";

/** What a session is made with. All but these are the options for every answer, which chat() can override. */
export interface SessionOptions extends ChatOptions {
  /** The system message's text. */
  system?: string;
  /** The conversation so far. */
  messages?: readonly Message[];
  /** Functions are called when the model asks for them, in at most `maxRounds` rounds. */
  tools?: Tools;
  maxRounds?: number;
  /**
   * Whether to keep what was written of an answer that is cancelled or left early. Otherwise the answer and its
   * question are forgotten, as when an answer fails.
   */
  keepPartial?: boolean;
}

type Ask<P> = ChatOptions<P> & Signalled;

/**
 * A conversation: chat() asks, and remembers the question and the answer.
 *
 * Any number of sessions may share a model; whatever they have in common is computed once. A session gives one answer
 * at a time: SessionBusyError for a second one. To get several answers at once, fork() it.
 */
export class Session {
  model: Model;
  /** The options for every answer. You may change them. */
  options: ChatOptions;
  #messages: Message[];
  #turn: WeakRef<Turn<unknown>> | undefined;
  readonly #tools: Tools;
  readonly #maxRounds: number;
  readonly #keepPartial: boolean;

  /** Throws InvalidArgumentError. */
  constructor(model: Model, options: SessionOptions = {}) {
    if (!(model instanceof Model)) {
      throw new InvalidArgumentError(`${shown(model)} is not a Model; open one for the session`);
    }
    const { system, messages = [], tools = [], maxRounds = MAX_ROUNDS, keepPartial = false, ...rest } = options;
    this.model = model;
    this.options = rest;
    this.#messages = asMessages(messages);
    this.#tools = tools;
    this.#maxRounds = maxRounds;
    this.#keepPartial = keepPartial;
    if (system !== undefined) {
      this.system = system;
    }
  }

  /**
   * The conversation so far, oldest first. This is the actual list: you may change it between answers, or assign
   * another. An answer is added to it, together with its question, when it is complete.
   */
  get messages(): Message[] {
    return this.#messages;
  }

  set messages(messages: readonly Message[]) {
    this.#checkIdle();
    this.#messages = asMessages(messages);
  }

  /** The text of the system message, if the conversation begins with one. Assign undefined to remove it. */
  get system(): string | undefined {
    const first = this.#messages[0];
    return first?.role === "system" ? (first.content as string) : undefined;
  }

  set system(text: string | undefined) {
    this.#checkIdle();
    const message: Message[] = text === undefined ? [] : [{ role: "system", content: text }];
    this.#messages.splice(0, this.#messages[0]?.role === "system" ? 1 : 0, ...message);
  }

  /** Whether an answer is in progress. */
  get busy(): boolean {
    const turn = this.#turn?.deref();
    return turn !== undefined && !turn.ended;
  }

  /**
   * Answers a text, a message or several, and adds them and the answer to the conversation. With `stream: true`, the
   * answer is added when its last piece has arrived. The rest is as in Model.chat(), but functions among the tools are
   * called.
   */
  chat<P = unknown>(message: Messages | Message, options: Ask<P> & { stream: true }): Stream<ChatResult<P>>;
  chat<P = unknown>(message: Messages | Message, options?: Ask<P> & { stream?: false }): Promise<ChatResult<P>>;
  chat<P>(
    message: Messages | Message,
    options: Ask<P> & { stream?: boolean } = {},
  ): Stream<ChatResult<P>> | Promise<ChatResult<P>> {
    return this.#answer<P>(options, (): [number, Message[]] => {
      const one = message !== null && typeof message === "object" && !Array.isArray(message);
      return [this.#messages.length, asMessages(one ? [message as Message] : (message as Messages))];
    });
  }

  /** Answers the last question again. The new answer replaces the old one when it is complete. Otherwise as chat(). */
  regenerate<P = unknown>(options: Ask<P> & { stream: true }): Stream<ChatResult<P>>;
  regenerate<P = unknown>(options?: Ask<P> & { stream?: false }): Promise<ChatResult<P>>;
  regenerate<P>(options: Ask<P> & { stream?: boolean } = {}) {
    return this.#answer<P>(options, (): [number, Message[]] => {
      const last = this.#questions().at(-1);
      if (last === undefined) {
        throw new InvalidArgumentError("the session has no question to answer again");
      }
      return [last, [this.#messages[last] as Message]];
    });
  }

  #answer<P>(options: Ask<P> & { stream?: boolean }, added: () => [number, Message[]]) {
    if (options.stream) {
      return new Stream(this.#begin<P>(options, ...added()));
    }
    return begun(() => this.#begin<P>(options, ...added()));
  }

  #begin<P>(options: Ask<P> & { stream?: boolean }, keep: number, added: Message[]): Turn<P> {
    this.#checkIdle();
    const { stream = false, signal, tools = this.#tools, ...own } = options;
    const given = { ...this.options, ...own } as ChatOptions<P>;
    if ((given.n ?? 1) !== 1) {
      throw new InvalidArgumentError('a session continues with one answer; leave "n" out');
    }
    const prompt = [...this.#messages.slice(0, keep), ...added];
    const more = { maxRounds: this.#maxRounds, ...(signal ? { signal } : {}) };
    const source: Source<ChatResult<P> | ToolsResult<P>> =
      tools && tools.length > 0
        ? new ToolLoop<P>(this.model, prompt, tools, given, stream, more)
        : new Request(this.model, chat<P>(prompt, given, stream), signal);
    const turn = new Turn<P>(source, prompt.length, this.#keepPartial, (said) => {
      this.#messages.splice(keep, Infinity, ...added, ...said);
    });
    this.#turn = new WeakRef(turn);
    return turn;
  }

  #questions(): number[] {
    return this.#messages.flatMap((message, index) => (message.role === "user" ? [index] : []));
  }

  #checkIdle(): void {
    if (this.busy) {
      throw new SessionBusyError(
        "the session is answering; wait for it to finish, close its stream, or fork() the session",
      );
    }
  }

  /** Removes the last question and everything after it, or the last `turns` questions. Returns what was removed. */
  undo(turns = 1): Message[] {
    this.#checkIdle();
    const questions = this.#questions();
    if (wholeNumber(turns, "turns") < 1 || turns > questions.length) {
      throw new InvalidArgumentError(`${turns} turns cannot be undone: the session has ${questions.length}`);
    }
    return this.#messages.splice(questions.at(-turns) as number);
  }

  /**
   * Replaces the content of message `index` (negative: from the end), and removes the messages after it, which answered
   * the old content.
   */
  edit(index: number, content: string): void {
    this.#checkIdle();
    const count = this.#messages.length;
    const place = wholeNumber(index, "index") < 0 ? count + index : index;
    const message = this.#messages[place];
    if (!message) {
      throw new InvalidArgumentError(`there is no message ${index}: the session has ${count}`);
    }
    this.#messages.splice(place, Infinity, { ...message, content } as Message);
  }

  /** Another session with the same history, independent from here on. The history is not computed again. */
  fork(): Session {
    return new Session(this.model, {
      ...this.options,
      messages: this.#messages,
      tools: this.#tools,
      maxRounds: this.#maxRounds,
      keepPartial: this.#keepPartial,
    });
  }

  /**
   * Writes the conversation, without its tools, to a JSON file, either completely or not at all.
   *
   * state: also write what the engine has computed for it, to "<path>.state", so that the conversation continues quickly
   * after load(): about 10 to 100 KB per token. Waits for its turn among other requests. Rejects with LLModelError.
   */
  async save(path: string, { state = false }: { state?: boolean } = {}): Promise<void> {
    this.#checkIdle();
    const wanted = state && this.#messages.length > 0;
    await writeSession(path, {
      messages: this.#messages,
      options: this.options as Record<string, unknown>,
      max_rounds: this.#maxRounds,
      keep_partial: this.#keepPartial,
      state: wanted ? await saveState(this.model, this.#messages, this.options, this.#tools, path) : null,
    });
  }

  /**
   * The session that save() wrote, in this language or another. Rejects with InvalidArgumentError for a file of another
   * kind, ModelNotFoundError, LLModelIOError.
   */
  static async load(path: string, model: Model, { tools = [] }: { tools?: Tools } = {}): Promise<Session> {
    const content = await readSession(path);
    await restoreState(model, path, content.state);
    return new Session(model, {
      ...(content.options as ChatOptions),
      messages: content.messages,
      tools,
      maxRounds: content.max_rounds,
      keepPartial: content.keep_partial,
    });
  }
}

/**
 * The Source that is an answer in a conversation, to which it adds what was said when it is complete.
 *
 * One that fails leaves the conversation as it was. So does one that is cancelled, unless the session is to keep what
 * had come.
 */
class Turn<P> implements Source<ChatResult<P>> {
  #text = "";
  #started = false;
  #settled = false;

  constructor(
    private readonly source: Source<ChatResult<P> | ToolsResult<P>>,
    private readonly promptLength: number,
    private readonly keepPartial: boolean,
    private readonly add: (said: Message[]) => void,
  ) {}

  get ended(): boolean {
    return this.#settled;
  }

  start(): void {
    if (!this.#started) {
      try {
        this.source.start();
        this.#started = true;
      } catch (error) {
        this.#settled = true;
        throw error;
      }
    }
  }

  async *batches(): AsyncGenerator<Item[]> {
    for await (const batch of this.source.batches()) {
      for (const item of batch) {
        if (typeof item === "string") {
          this.#text += item;
        } else if (item.kind === "tool_result") {
          this.#text = ""; // what came before the call is not what would be kept of the answer
        }
      }
      yield batch;
    }
  }

  settle(error: unknown): void {
    if (this.#settled) {
      return;
    }
    this.#settled = true;
    if (error === undefined) {
      const result = this.source.result;
      this.add(result instanceof ToolsResult ? result.messages.slice(this.promptLength) : [result.message]);
    } else if (error instanceof CancellationError && this.keepPartial && this.#text) {
      this.add([{ role: "assistant", content: this.#text }]);
    }
  }

  cancel(): void {
    this.source.cancel();
  }

  get result(): ChatResult<P> {
    const result = this.source.result;
    return result instanceof ToolsResult ? result.answer : result;
  }
}
