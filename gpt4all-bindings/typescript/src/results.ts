/** What the requests give back. `raw` is always the whole result as the library gave it. */

import type * as generated from "./generated.js";
import type { Form } from "./response-format.js";

/** One answer to a request. */
export class Choice<P = unknown> {
  readonly #form: Form<P> | undefined;
  #parsed: { value: P } | undefined;

  constructor(
    readonly index: number,
    readonly text: string,
    /** What the model thought before it answered; empty if it does not show its thoughts. */
    readonly reasoning: string,
    /** The tools to call, their arguments as JSON text. */
    readonly toolCalls: generated.ToolCall[],
    /** "stop", "length" or "tool_calls". */
    readonly finishReason: string,
    /** What `logprobs` requested. */
    readonly logprobs: generated.Logprobs | undefined,
    /** With strict: false, whether the answer is valid under its JSON Schema; undefined if there was nothing to check. */
    readonly valid: boolean | undefined,
    /** If it is not valid, where, and why. */
    readonly invalid: generated.Invalid | undefined,
    form: Form<P> | undefined,
  ) {
    this.#form = form;
  }

  /**
   * The object that the text stands for, by the request's response_format; undefined without one. Throws
   * ResponseFormatError if the answer was cut off, or is not as it should be.
   */
  get parsed(): P {
    this.#parsed ??= { value: this.#form?.parse(this.text, this.finishReason, this.invalid) as P };
    return this.#parsed.value;
  }
}

/** What the answers to chat, complete and infill have in common. Their properties are the first choice's. */
abstract class Answer<P> {
  constructor(
    readonly choices: Choice<P>[],
    readonly usage: generated.Usage,
    readonly timings: generated.Timings,
  ) {}

  private get first(): Choice<P> {
    return this.choices[0] as Choice<P>;
  }

  get text(): string {
    return this.first.text;
  }

  /** What the model thought before it answered; empty if it does not show its thoughts. */
  get reasoning(): string {
    return this.first.reasoning;
  }

  /** The tools to call, their arguments as JSON text. */
  get toolCalls(): generated.ToolCall[] {
    return this.first.toolCalls;
  }

  /** Why the answer ended: "stop", "length" or "tool_calls". */
  get finishReason(): string {
    return this.first.finishReason;
  }

  /** What `logprobs` requested. */
  get logprobs(): generated.Logprobs | undefined {
    return this.first.logprobs;
  }

  /** With strict: false, whether it is valid under its JSON Schema; undefined if there was nothing to check. */
  get valid(): boolean | undefined {
    return this.first.valid;
  }

  /** If it is not valid, where, and why. */
  get invalid(): generated.Invalid | undefined {
    return this.first.invalid;
  }

  /** The object that the text stands for, by response_format; undefined without one. Throws ResponseFormatError. */
  get parsed(): P {
    return this.first.parsed;
  }

  toString(): string {
    return this.text;
  }
}

function choice<P>(
  raw: generated.Choice,
  text: string,
  reasoning: string,
  calls: generated.ToolCall[],
  form: Form<P> | undefined,
): Choice<P> {
  const { index, finish_reason: reason, logprobs, valid, invalid } = raw;
  const [probabilities, checked, wrong] = [logprobs ?? undefined, valid ?? undefined, invalid ?? undefined];
  return new Choice(index, text, reasoning, calls, reason, probabilities, checked, wrong, form);
}

/** The answer to chat. */
export class ChatResult<P = unknown> extends Answer<P> {
  readonly raw: generated.ChatResult;

  constructor(raw: generated.ChatResult, form?: Form<P>) {
    const choices = raw.choices.map((each) => {
      const { content, reasoning_content: reasoning, tool_calls: calls } = each.message;
      return choice(each, content ?? "", reasoning ?? "", calls ?? [], form);
    });
    super(choices, raw.usage, raw.timings);
    this.raw = raw;
  }

  /** The first choice as a message, to append to the others for the next turn. */
  get message(): generated.ChatResultChoiceMessage {
    return (this.raw.choices[0] as generated.ChatResultChoice).message;
  }
}

/** The answer to complete and infill. */
export class Completion<P = unknown> extends Answer<P> {
  readonly raw: generated.TextResult;

  constructor(raw: generated.TextResult, form?: Form<P>) {
    const choices = raw.choices.map((each) => choice(each, each.text, "", [], form));
    super(choices, raw.usage, raw.timings);
    this.raw = raw;
  }
}

/** One vector for each input, in order. With pooling "none", a vector has one row for each token, one after another. */
export interface Embeddings {
  vectors: Float32Array[];
  dimension: number;
  usage: generated.EmbedResult["usage"];
  raw: generated.EmbedResult;
}

/** A document and its relevance: higher is better, on the model's own scale. */
export interface Ranked {
  /** Its position in the input. */
  index: number;
  relevanceScore: number;
  document: string;
}

/** The documents, the most relevant first. */
export interface Ranking {
  results: Ranked[];
  usage: generated.RerankResult["usage"];
  raw: generated.RerankResult;
}

/** How likely a continuation is. */
export interface Score {
  /** Natural log-likelihood, summed over its tokens. */
  logprob: number;
  /** Whether each of its tokens is the most probable one at its position. */
  greedy: boolean;
  tokens: number[];
  tokenLogprobs: number[];
  /** How many of the context's first tokens were left out, so that it fits; 0 without `truncate`. */
  nTruncated: number;
}

/** The natural log-probability of every token of the vocabulary at one position. */
export interface LogprobRow {
  /** Which continuation, from 0; -1 for a position in the context. */
  continuation: number;
  /** The token before the predicted one, counted over context and continuation together. */
  position: number;
  logprobs: Float32Array;
}

/** A Score for each continuation, in order. */
export interface Scores {
  scores: Score[];
  /** What `logprob_rows` requested. */
  rows: LogprobRow[];
  contextTokens: number[];
  usage: generated.ScoreResult["usage"];
  raw: generated.ScoreResult;
}

/** Scores for each input, in order. */
export interface ScoreBatch {
  results: Scores[];
  usage: generated.ScoreBatchResult["usage"];
  raw: generated.ScoreBatchResult;
}
