/** The functions that ask a model or a session: whole, as a stream, or as a generator. */

import { PassThrough, type Readable } from "node:stream";

import { withoutIds, type InferenceResult } from "./answer.js";
import type { CompletionInput, CompletionOptions, ResponseTokenCallback } from "./options.js";

/** An InferenceModel, a ChatSession, or anything else that answers. */
export interface CompletionProvider {
  modelName: string;
  generate(input: CompletionInput, options?: CompletionOptions): Promise<InferenceResult>;
}

export interface CompletionChoice {
  message: { role: "assistant"; content: string };
}

export interface CompletionResult {
  /** The model's name. */
  model: string;
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    n_past_tokens: number;
  };
  choices: [CompletionChoice];
}

export interface CompletionStreamReturn {
  /** The text as it is written. */
  tokens: Readable;
  /** The whole answer. */
  result: Promise<CompletionResult>;
}

/** Answers a prompt or a conversation. */
export async function createCompletion(
  provider: CompletionProvider,
  input: CompletionInput,
  options: CompletionOptions = {},
): Promise<CompletionResult> {
  const { text, tokensIngested, tokensGenerated, nPast } = await provider.generate(input, options);
  return {
    model: provider.modelName,
    usage: {
      prompt_tokens: tokensIngested,
      completion_tokens: tokensGenerated,
      total_tokens: tokensIngested + tokensGenerated,
      n_past_tokens: nPast,
    },
    choices: [{ message: { role: "assistant", content: text } }],
  };
}

/**
 * The same, as a stream of text that comes at once, and a promise of the whole. If the request fails, both do. Leaving
 * a loop over the stream, or destroying it, cancels the request.
 */
export function createCompletionStream(
  provider: CompletionProvider,
  input: CompletionInput,
  options: CompletionOptions = {},
): CompletionStreamReturn {
  const tokens = new PassThrough({ encoding: "utf8" });
  tokens.on("error", () => undefined); // result fails, too, and need not be looked at twice
  const { onResponseToken } = options;
  const write: ResponseTokenCallback = (id, token) => {
    tokens.write(token);
    return onResponseToken?.(id, token);
  };
  if (!onResponseToken) {
    withoutIds.add(write);
  }
  const left = new AbortController();
  tokens.on("close", () => left.abort());
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const result = createCompletion(provider, input, { ...options, onResponseToken: write, signal });
  result.then(
    () => tokens.end(),
    (error: Error) => tokens.destroy(error),
  );
  return { tokens, result };
}

/** The same, piece by piece; the generator returns the whole answer. */
export async function* createCompletionGenerator(
  provider: CompletionProvider,
  input: CompletionInput,
  options: CompletionOptions = {},
): AsyncGenerator<string, CompletionResult, undefined> {
  const { tokens, result } = createCompletionStream(provider, input, options);
  for await (const token of tokens as AsyncIterable<string>) {
    yield token;
  }
  return await result;
}
