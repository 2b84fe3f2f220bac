/** Open models, and what can be asked of them. */

import { ClosedError } from "./errors.js";
import type * as generated from "./generated.js";
import { checkedPath, encode } from "./json.js";
import { longCall, type LongCallOptions } from "./long-call.js";
import { withAdvice } from "./advice.js";
import { finished, json, native, type Call, type Handle } from "./native.js";
import * as operations from "./operations.js";
import type { Messages, Operation, Prompt } from "./operations.js";
import type { ChatResult, Completion, Embeddings, Ranking, ScoreBatch, Scores } from "./results.js";
import { begun, Request, Stream } from "./stream.js";
import { Task } from "./task.js";
import { ToolLoop, type ToolsResult } from "./tool-loop.js";
import type { Tools } from "./tools.js";

/** What every request takes besides the options that are its own. */
export interface Signalled {
  /** Cancels the request: it fails with CancellationError, whose cause is the signal's reason. */
  signal?: AbortSignal;
}

type Streamed = { stream: true };
type Whole = { stream?: false };

/** Options for opening a model, such as `n_ctx: 4096`, `n_parallel: 8`, `n_gpu_layers: 0`. */
export type OpenOptions = generated.OpenOptions & LongCallOptions;

/** A request's own options, apart from its signal. */
function split<Options extends object>(options: Options & Signalled & { stream?: boolean }) {
  const { signal, stream = false, ...rest } = options;
  return { signal, stream, request: rest as Omit<Options, "signal" | "stream"> };
}

const dropped = new FinalizationRegistry<Handle>((handle) => {
  void finished(native().close(handle));
});

/**
 * An open model file. Any number of requests may be made of it at once: they run together.
 *
 * close() it, or open it with `await using`. Every method fails with LLModelError: ClosedError after close(),
 * InvalidArgumentError for a request that does not match its schema. Methods that return promises reject; those that
 * return a Stream throw.
 */
export class Model implements AsyncDisposable {
  readonly #path: string;
  readonly #handle: Handle;
  #closing: Promise<void> | undefined;

  private constructor(path: string, handle: Handle) {
    this.#path = path;
    this.#handle = handle;
    dropped.register(this, handle, this);
  }

  /** Opens a GGUF file, or one of the formats of 2023. load() also takes names of models, and downloads them. */
  static async open(path: string, options: OpenOptions = {}): Promise<Model> {
    const { onProgress, signal, ...given } = options;
    const name = checkedPath(path);
    const text = encode(withAdvice(name, given));
    const begin = (progress?: (fraction: number) => void) => native().open(name, text, progress);
    const long = { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
    return new Model(name, (await longCall(`opening ${name}`, begin, long)) as Handle);
  }

  /** The file, as given. */
  get path(): string {
    return this.#path;
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Cancels the model's requests and frees its memory. Safe to call at any time, and more than once. */
  close(): Promise<void> {
    if (!this.#closing) {
      dropped.unregister(this);
      this.#closing = finished(native().close(this.#handle)).then(() => undefined);
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  use(): Handle {
    if (this.closed) {
      throw new ClosedError(`the model ${this.#path} is closed; open it again to continue`);
    }
    return this.#handle;
  }

  /** Starts any operation, with its request as described by schema(). The methods below are built on this. */
  submit<Name extends keyof generated.Operations>(
    operation: Name,
    request: generated.Operations[Name]["request"],
    { signal }: Signalled = {},
  ): Task<Name> {
    return new Task(this, operation, request, signal);
  }

  #ask<T, Name extends keyof generated.Operations>(
    options: object & Signalled,
    make: (options: never) => Operation<T, Name>,
  ): Promise<T> {
    const { signal, request } = split(options);
    return begun(() => new Request<T>(this, make(request as never) as Operation<T>, signal));
  }

  #generate<T, Name extends keyof generated.Operations>(
    options: object & Signalled & { stream?: boolean },
    make: (options: never, stream: boolean) => Operation<T, Name>,
  ): Stream<T> | Promise<T> {
    const { signal, stream, request } = split(options);
    if (stream) {
      return new Stream(new Request<T>(this, make(request as never, true), signal));
    }
    return this.#ask(options, (given) => make(given, false));
  }

  /** What inspect() returns, and how the model was actually opened. */
  async info(): Promise<generated.InfoResult> {
    return await json(native().info(this.use()));
  }

  /**
   * Answers a conversation: OpenAI-style chat messages, or a single text from the user.
   *
   * tools: functions that the model may ask to call. The answer's toolCalls say which; runTools() calls them.
   * response_format: the form of the answer: a zod schema, in which case the answer's `parsed` is an object of it; a
   * JSON Schema; or OpenAI's object.
   *
   * Returns the answer; with `stream: true`, returns a Stream of its text at once.
   */
  chat<P = unknown>(
    messages: Messages,
    options: operations.ChatOptions<P> & Signalled & Streamed,
  ): Stream<ChatResult<P>>;
  chat<P = unknown>(
    messages: Messages,
    options?: operations.ChatOptions<P> & Signalled & Whole,
  ): Promise<ChatResult<P>>;
  chat<P>(messages: Messages, options: operations.ChatOptions<P> & Signalled & { stream?: boolean } = {}) {
    return this.#generate(options, (request: operations.ChatOptions<P>, stream) =>
      operations.chat<P>(messages, request, stream),
    );
  }

  /** Continues a prompt as it stands, without a chat template. Otherwise as chat(). */
  complete<P = unknown>(
    prompt: Prompt,
    options: operations.CompleteOptions<P> & Signalled & Streamed,
  ): Stream<Completion<P>>;
  complete<P = unknown>(
    prompt: Prompt,
    options?: operations.CompleteOptions<P> & Signalled & Whole,
  ): Promise<Completion<P>>;
  complete<P>(prompt: Prompt, options: operations.CompleteOptions<P> & Signalled & { stream?: boolean } = {}) {
    return this.#generate(options, (request: operations.CompleteOptions<P>, stream) =>
      operations.complete<P>(prompt, request, stream),
    );
  }

  /** Fills the gap between two texts. UnsupportedError for a model not trained to do so. Otherwise as chat(). */
  infill<P = unknown>(
    prefix: Prompt,
    suffix: Prompt,
    options: operations.InfillOptions<P> & Signalled & Streamed,
  ): Stream<Completion<P>>;
  infill<P = unknown>(
    prefix: Prompt,
    suffix: Prompt,
    options?: operations.InfillOptions<P> & Signalled & Whole,
  ): Promise<Completion<P>>;
  infill<P>(
    prefix: Prompt,
    suffix: Prompt,
    options: operations.InfillOptions<P> & Signalled & { stream?: boolean } = {},
  ) {
    return this.#generate(options, (request: operations.InfillOptions<P>, stream) =>
      operations.infill<P>(prefix, suffix, request, stream),
    );
  }

  /**
   * Answers a conversation, calling the functions in `tools` that the model asks for, until it answers with text.
   *
   * maxRounds: maximum number of answers by the model, including the last; ToolRoundsError if it is still asking for
   * calls then.
   *
   * If a function throws, the model is told and may try again. The functions of one answer run together. A required
   * tool_choice applies to the first round. Calls of tools given as OpenAI's objects end the loop: the caller has to
   * make them. The rest is as in chat().
   */
  runTools<P = unknown>(
    messages: Messages,
    tools: Tools,
    options: Omit<operations.ChatOptions<P>, "tools"> & Signalled & Streamed & { maxRounds?: number },
  ): Stream<ToolsResult<P>>;
  runTools<P = unknown>(
    messages: Messages,
    tools: Tools,
    options?: Omit<operations.ChatOptions<P>, "tools"> & Signalled & Whole & { maxRounds?: number },
  ): Promise<ToolsResult<P>>;
  runTools<P>(
    messages: Messages,
    tools: Tools,
    options: Omit<operations.ChatOptions<P>, "tools"> & Signalled & { stream?: boolean; maxRounds?: number } = {},
  ) {
    const { signal, stream = false, maxRounds, ...request } = options;
    const more = { ...(maxRounds === undefined ? {} : { maxRounds }), ...(signal ? { signal } : {}) };
    const make = () => new ToolLoop<P>(this, messages, tools, request, stream, more);
    return stream ? new Stream(make()) : begun(make);
  }

  /** One vector for each text or list of token ids: for one, or for a list of them. */
  embed(
    input: generated.EmbedRequest["input"],
    options: operations.EmbedOptions & Signalled = {},
  ): Promise<Embeddings> {
    return this.#ask(options, (request: operations.EmbedOptions) => operations.embed(input, request));
  }

  /** The documents, ordered by relevance to the query. UnsupportedError unless the model is a reranker. */
  rerank(
    query: string,
    documents: readonly string[],
    options: operations.RerankOptions & Signalled = {},
  ): Promise<Ranking> {
    return this.#ask(options, (request: operations.RerankOptions) => operations.rerank(query, documents, request));
  }

  /** How likely each continuation is after the context. */
  score(
    context: Prompt,
    continuations: readonly Prompt[],
    options: operations.ScoreOptions & Signalled = {},
  ): Promise<Scores> {
    return this.#ask(options, (request: operations.ScoreOptions) => operations.score(context, continuations, request));
  }

  /**
   * score() for many contexts and their continuations, which share batches: by far the fastest way. The order does not
   * matter, and what some have in common is computed once.
   */
  scoreBatch(
    inputs: readonly operations.ScoreInput[],
    options: operations.ScoreBatchOptions & Signalled = {},
  ): Promise<ScoreBatch> {
    return this.#ask(options, (request: operations.ScoreBatchOptions) => operations.scoreBatch(inputs, request));
  }

  /** A text's token ids, without the special ones at its beginning and end unless `add_special: true`. */
  tokenize(content: Prompt, options: operations.TokenizeOptions & Signalled = {}): Promise<number[]> {
    return this.#ask(options, (request: operations.TokenizeOptions) => operations.tokenize(content, request));
  }

  /** The text of token ids. */
  detokenize(tokens: readonly number[], options: operations.DetokenizeOptions & Signalled = {}): Promise<string> {
    return this.#ask(options, (request: operations.DetokenizeOptions) => operations.detokenize(tokens, request));
  }

  /** The prompt that chat() would pass to the model for these messages. */
  applyTemplate(messages: Messages, options: operations.ApplyTemplateOptions & Signalled = {}): Promise<string> {
    return this.#ask(options, (request: operations.ApplyTemplateOptions) =>
      operations.applyTemplate(messages, request),
    );
  }

  /** How many tokens a prompt for complete(), or a list of messages for chat(), has. */
  countTokens(
    prompt: Prompt | readonly generated.Message[],
    options: operations.CountTokensOptions & Signalled = {},
  ): Promise<number> {
    return this.#ask(options, (request: operations.CountTokensOptions) => operations.countTokens(prompt, request));
  }

  /**
   * The LoRA adapters that the model was opened with. `lora` first sets the scales for all requests that do not set
   * their own.
   */
  adapters(lora?: generated.LoraScales, options: Signalled = {}): Promise<generated.AdaptersResultAdapter[]> {
    return this.#ask(options, () => operations.adapters(lora));
  }

  /** Writes what a slot remembers to a file, either completely or not at all. */
  saveState(path: string, request: generated.StateRequest = {}): Promise<generated.StateResult> {
    return this.#state(path, request, (...given) => native().saveState(...given));
  }

  /** Reads back what saveState() wrote with the same model: prompts with the same beginning continue from there. */
  restoreState(path: string, request: generated.StateRequest = {}): Promise<generated.StateResult> {
    return this.#state(path, request, (...given) => native().restoreState(...given));
  }

  async #state(
    path: string,
    request: generated.StateRequest,
    call: (handle: Handle, path: string, request: string) => Call,
  ): Promise<generated.StateResult> {
    return await json(call(this.use(), checkedPath(path), encode(request)));
  }
}
