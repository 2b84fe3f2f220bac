/** A conversation as the old package had it. */

import { InvalidArgumentError } from "../errors.js";
import { answer, counted, type InferenceResult } from "./answer.js";
import type { InferenceModel } from "./inference-model.js";
import { given, type ChatMessage, type CompletionInput, type CompletionOptions } from "./options.js";
import type { LLModelPromptContext } from "./options.js";
import type { Prompting } from "./prompting.js";

export interface ChatSessionOptions extends LLModelPromptContext {
  /** The system message. Default: the model list's; "" for none. */
  systemPrompt?: string | undefined;
  /** The conversation so far. */
  messages?: ChatMessage[] | undefined;
}

// What becomes of a conversation that has outgrown the context: the oldest turns are left out until it fills no more
// than this much of the room, so that not every further turn has to leave out another and compute all others again.
const KEPT = 0.75;

/**
 * A conversation: generate() answers, and remembers the prompt and the answer. Answers that are asked for at the same
 * time are given one after another.
 */
export class ChatSession {
  readonly modelName: string;
  /** What was said, without the system message. */
  messages: ChatMessage[] = [];
  readonly systemPrompt: string;
  /** The defaults of its answers. */
  readonly promptContext: LLModelPromptContext;
  initialized = false;
  readonly #first: ChatMessage[];
  #leftOut = 0;
  #nPast = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly model: InferenceModel,
    { systemPrompt, messages = [], ...promptContext }: ChatSessionOptions = {},
  ) {
    const { config } = model;
    this.modelName = model.modelName;
    this.systemPrompt = systemPrompt ?? config.systemMessage ?? config.systemPrompt;
    this.promptContext = given(promptContext);
    this.#first = messages;
  }

  /** Begins the conversation, or begins it again. Returns how many tokens its texts have so far. */
  async initialize(options: CompletionOptions = {}): Promise<number> {
    this.messages = [];
    this.#leftOut = 0;
    this.initialized = true;
    const system: ChatMessage[] = this.systemPrompt ? [{ role: "system", content: this.systemPrompt }] : [];
    this.#nPast = 0;
    return (await this.#add(system, options)) + (await this.ingestMessages(this.#first, options));
  }

  /** Adds messages to the conversation. Returns how many tokens their texts have. */
  async ingestMessages(messages: ChatMessage[], options: CompletionOptions = {}): Promise<number> {
    this.messages.push(...messages.map((message) => ({ ...message })));
    return await this.#add(messages, options);
  }

  async #add(messages: ChatMessage[], { onPromptToken }: CompletionOptions): Promise<number> {
    const tokens = await Promise.all(messages.map(({ content }) => this.model.llm.tokenize(content)));
    const all = tokens.flat();
    all.every((token) => onPromptToken?.(token) !== false);
    this.#nPast += all.length;
    return all.length;
  }

  /** Answers a prompt, or several messages. If the last of these is not the user's, the answer is empty. */
  generate(input: CompletionInput, options: CompletionOptions = {}): Promise<InferenceResult> {
    const turn = this.#last.then(() => this.#generate(input, { ...this.promptContext, ...given(options) }));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #generate(input: CompletionInput, options: CompletionOptions): Promise<InferenceResult> {
    if (!this.initialized) {
      await this.initialize();
    }
    const { nPast = 0, fakeReply } = options;
    if (nPast < 0 || nPast > this.#nPast) {
      throw new InvalidArgumentError(`nPast cannot be ${nPast}: it must be from 0 to ${this.#nPast}`);
    }
    const asked: ChatMessage[] = typeof input === "string" ? [{ role: "user", content: input }] : [...input];
    if (asked.at(-1)?.role !== "user") {
      const count = await this.ingestMessages(asked);
      return { text: "", tokensIngested: count, tokensGenerated: 0, nPast: this.#nPast };
    }
    const prompting = this.model.prompting(options);
    const { llm } = this.model;
    const sent = await this.#thatFit(prompting, [...this.messages, ...asked], options.nPredict ?? 4096);
    const result =
      fakeReply === undefined
        ? await answer(llm, prompting, sent, options)
        : await counted(llm, prompting, sent, fakeReply);
    this.messages.push(...asked, { role: "assistant", content: result.text });
    this.#nPast = result.nPast;
    return fakeReply === undefined ? result : { ...result, text: "" };
  }

  /** The system message and the messages, without the oldest turns where there is no room for all and the answer. */
  async #thatFit(prompting: Prompting, messages: ChatMessage[], nPredict: number): Promise<ChatMessage[]> {
    const system: ChatMessage[] = this.systemPrompt ? [{ role: "system", content: this.systemPrompt }] : [];
    const context = (await this.model.llm.info()).opened?.n_ctx ?? Infinity;
    const room = context - Math.min(nPredict < 0 ? Infinity : nPredict, Math.floor(context / 4));
    const turns = messages.flatMap(({ role }, place) => (role === "user" ? [place] : []));
    const kept = () => [...system, ...messages.slice(this.#leftOut ? turns[this.#leftOut] : 0)];
    this.#leftOut = Math.min(this.#leftOut, turns.length - 1);
    let wanted = room;
    while (this.#leftOut < turns.length - 1 && (await prompting.tokens(this.model.llm, kept())).length > wanted) {
      wanted = room * KEPT;
      this.#leftOut += 1;
    }
    return kept();
  }
}
