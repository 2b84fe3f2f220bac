/** The options of the old package's completions, and what they are for the C API. */

import type { CompleteOptions } from "../operations.js";
import { DEFAULT_PROMPT_CONTEXT } from "./config.js";

export interface ChatMessage {
  role: "system" | "assistant" | "user";
  content: string;
}

/** A prompt, or a conversation whose last message is the user's. */
export type CompletionInput = string | ChatMessage[];

/** Sampling, and how the prompt is written. */
export interface LLModelPromptContext {
  /** Maximum length of the answer, in tokens. Default: 4096. */
  nPredict?: number | undefined;
  topK?: number | undefined;
  topP?: number | undefined;
  minP?: number | undefined;
  temp?: number | undefined;
  /** The same as temp. */
  temperature?: number | undefined;
  repeatPenalty?: number | undefined;
  repeatLastN?: number | undefined;
  /** A turn: "%1" stands for the prompt, "%2" for the reply. Default: the template of the model's file. */
  promptTemplate?: string | undefined;
  /** Whether names of control tokens in the prompt are read as such; only with a promptTemplate. */
  special?: boolean | undefined;
  /** Only checked: what a prompt has in common with the last is never computed twice. */
  nPast?: number | undefined;
  /** Has no effect: batches suit the machine. */
  nBatch?: number | undefined;
  /** Has no effect: a session that outgrows the context continues without its oldest turns. */
  contextErase?: number | undefined;
}

/** Called with a token's id, and for an answer with its text. Returning false stops. */
export type PromptTokenCallback = (tokenId: number) => unknown;
export type ResponseTokenCallback = (tokenId: number, token: string) => unknown;

export interface CompletionOptions extends LLModelPromptContext {
  /** Whether to describe the request on the console. */
  verbose?: boolean | undefined;
  /** Taken for the answer: nothing is generated. */
  fakeReply?: string | undefined;
  onPromptToken?: PromptTokenCallback | undefined;
  onResponseToken?: ResponseTokenCallback | undefined;
  /** Cancels: the completion fails with CancellationError. */
  signal?: AbortSignal | undefined;
}

/** What requests for chats and for completions have in common. */
export type Sampling = Omit<CompleteOptions, "logprobs" | "response_format">;

// What the old package did not know, and so did without, whatever the model's file or the catalogue advises.
const WITHOUT_ADVICE: Sampling = {
  samplers: ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"],
  xtc_probability: 0.0,
  mirostat: 0,
  frequency_penalty: 0.0,
  presence_penalty: 0.0,
  dry_multiplier: 0.0,
  dynatemp_range: 0.0,
  top_n_sigma: -1.0,
  typical_p: 1.0,
  min_keep: 0,
};

/** The options without those that are undefined, so that they do not hide defaults. */
export function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** The C API's names and ranges for the old options. */
export function sampling(options: LLModelPromptContext): Sampling {
  const { temperature, ...rest } = given(options);
  const set = { ...DEFAULT_PROMPT_CONTEXT, nPredict: 4096, ...rest };
  return {
    ...WITHOUT_ADVICE,
    max_tokens: set.nPredict,
    temperature: Math.max(options.temp ?? temperature ?? set.temp, 0),
    top_k: Math.max(set.topK, 0),
    top_p: set.topP,
    min_p: set.minP,
    repeat_penalty: set.repeatPenalty,
    repeat_last_n: Math.max(set.repeatLastN, 0),
  };
}
