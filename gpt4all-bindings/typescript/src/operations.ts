/** What a model can be asked: for each method of Model, its request and what becomes of the answer. */

import { InvalidArgumentError, shown } from "./errors.js";
import type * as generated from "./generated.js";
import { Form, type ResponseFormatInput } from "./response-format.js";
import { ChatResult, Completion, type Embeddings, type Ranking, type ScoreBatch, type Scores } from "./results.js";
import { describe, type Tools } from "./tools.js";

type Operations = generated.Operations;

/** A request to be made, and `build`, which makes what the method returns of the result's JSON and the vectors. */
export interface Operation<T, Name extends keyof Operations = keyof Operations> {
  name: Name;
  request: unknown;
  build(raw: Operations[Name]["result"], floats: Float32Array[]): T;
}

/** Chat messages, or a text, which stands for a single message of the user. */
export type Messages = string | readonly generated.Message[];

/** A text, token ids, or a list of both. */
export type Prompt = generated.TextOrTokens;

/** Replaces what a request's JSON has for the form of the answer and for tools by what TypeScript has for them. */
export interface Formed<P> {
  /** A zod schema, whose object the answer's `parsed` is then; a JSON Schema; or OpenAI's object. */
  response_format?: ResponseFormatInput<P> | null;
}

/** Replaces what a request's JSON has for tools. */
export interface Tooled {
  /** Functions that the model may ask to call: made by tool(), or OpenAI's objects. */
  tools?: Tools | null;
}

type Own = "stream" | "response_format" | "tools";

export type ChatOptions<P = unknown> = Omit<generated.ChatRequest, "messages" | Own> & Formed<P> & Tooled;
export type CompleteOptions<P = unknown> = Omit<generated.CompleteRequest, "prompt" | Own> & Formed<P>;
export type InfillOptions<P = unknown> = Omit<generated.InfillRequest, "input_prefix" | "input_suffix" | Own> &
  Formed<P>;
export type EmbedOptions = Omit<generated.EmbedRequest, "input">;
export type RerankOptions = Omit<generated.RerankRequest, "query" | "documents">;
export type ScoreOptions = Omit<generated.ScoreRequest, "context" | "continuations">;
export type ScoreBatchOptions = Omit<generated.ScoreBatchRequest, "inputs">;

/** A context and its continuations. */
export type ScoreInput = generated.ScoreBatchRequestInput;

export type TokenizeOptions = Omit<generated.TokenizeRequest, "content">;
export type DetokenizeOptions = Omit<generated.DetokenizeRequest, "tokens">;
export type ApplyTemplateOptions = Omit<generated.ApplyTemplateRequest, "messages" | Own> & Formed<unknown> & Tooled;
export type CountTokensOptions = Omit<generated.CountTokensRequestFields, "prompt" | "messages" | Own> &
  Formed<unknown> &
  Tooled;

/** A list of messages, whatever they were given as. Throws InvalidArgumentError. */
export function asMessages(messages: Messages): generated.Message[] {
  if (typeof messages === "string") {
    return [{ role: "user", content: messages }];
  }
  if (!Array.isArray(messages)) {
    throw new InvalidArgumentError(`messages must be a string or a list of messages, not ${shown(messages)}`);
  }
  return messages.map((each: generated.Message) => {
    if (each === null || typeof each !== "object") {
      throw new InvalidArgumentError(`${shown(each)} is not a message; give an object with "role" and "content"`);
    }
    return { ...each };
  });
}

/** A request with its tools and the form of its answer as the C API takes them. */
function described(options: object, form: Form | undefined): object {
  const { tools, ...rest } = options as { tools?: Tools | null; response_format?: unknown };
  delete rest.response_format;
  return {
    ...rest,
    ...(tools ? { tools: describe(tools) } : {}),
    ...(form ? { response_format: form.request } : {}),
  };
}

export function chat<P>(
  messages: Messages,
  options: ChatOptions<P>,
  stream: boolean,
): Operation<ChatResult<P>, "chat"> {
  const form = Form.of<P>(options.response_format);
  const request = { messages: asMessages(messages), ...described(options, form), stream };
  return { name: "chat", request, build: (raw) => new ChatResult(raw, form) };
}

export function complete<P>(
  prompt: Prompt,
  options: CompleteOptions<P>,
  stream: boolean,
): Operation<Completion<P>, "complete"> {
  const form = Form.of<P>(options.response_format);
  return {
    name: "complete",
    request: { prompt, ...described(options, form), stream },
    build: (raw) => new Completion(raw, form),
  };
}

export function infill<P>(
  prefix: Prompt,
  suffix: Prompt,
  options: InfillOptions<P>,
  stream: boolean,
): Operation<Completion<P>, "infill"> {
  const form = Form.of<P>(options.response_format);
  return {
    name: "infill",
    request: { input_prefix: prefix, input_suffix: suffix, ...described(options, form), stream },
    build: (raw) => new Completion(raw, form),
  };
}

export function embed(input: generated.EmbedRequest["input"], options: EmbedOptions): Operation<Embeddings, "embed"> {
  const build = (raw: generated.EmbedResult, vectors: Float32Array[]): Embeddings => ({
    vectors,
    dimension: raw.dimension,
    usage: raw.usage,
    raw,
  });
  return { name: "embed", request: { input, ...options }, build };
}

export function rerank(
  query: string,
  documents: readonly string[],
  options: RerankOptions,
): Operation<Ranking, "rerank"> {
  const build = (raw: generated.RerankResult): Ranking => ({
    results: raw.results.map(({ index, relevance_score: relevanceScore }) => ({
      index,
      relevanceScore,
      document: documents[index] as string,
    })),
    usage: raw.usage,
    raw,
  });
  return { name: "rerank", request: { query, documents, ...options }, build };
}

export function score(
  context: Prompt,
  continuations: readonly Prompt[],
  options: ScoreOptions,
): Operation<Scores, "score"> {
  return { name: "score", request: { context, continuations, ...options }, build: scores };
}

function scores(raw: generated.ScoreResult, rows: Float32Array[]): Scores {
  return {
    scores: raw.continuations.map(
      ({ logprob, greedy, tokens, token_logprobs: tokenLogprobs, n_truncated: nTruncated }) => ({
        logprob,
        greedy,
        tokens,
        tokenLogprobs,
        nTruncated,
      }),
    ),
    rows: raw.rows.map(({ continuation, position }, index) => ({
      continuation,
      position,
      logprobs: rows[index] as Float32Array,
    })),
    contextTokens: raw.context_tokens,
    usage: raw.usage,
    raw,
  };
}

export function scoreBatch(
  inputs: readonly ScoreInput[],
  options: ScoreBatchOptions,
): Operation<ScoreBatch, "score_batch"> {
  const build = (raw: generated.ScoreBatchResult, rows: Float32Array[]): ScoreBatch => {
    const places: generated.ScoreResultRow[][] = raw.results.map(() => []);
    const own: Float32Array[][] = raw.results.map(() => []);
    raw.rows.forEach(({ input, continuation, position }, index) => {
      places[input]?.push({ continuation, position });
      own[input]?.push(rows[index] as Float32Array);
    });
    const results = raw.results.map((result, index) => {
      const lengths = result.continuations.map(({ tokens }) => tokens.length);
      const tokens = lengths.reduce((sum, length) => sum + length, result.context_tokens.length);
      const usage = { prompt_tokens: tokens, total_tokens: tokens };
      const alone = { ...result, rows: places[index] ?? [], n_vocab: raw.n_vocab, usage };
      return scores(alone, own[index] ?? []);
    });
    return { results, usage: raw.usage, raw };
  };
  return { name: "score_batch", request: { inputs, ...options }, build };
}

export function tokenize(content: Prompt, options: TokenizeOptions): Operation<number[], "tokenize"> {
  const build = (raw: generated.TokenizeResult) => raw.tokens as number[];
  return { name: "tokenize", request: { content, ...options }, build };
}

export function detokenize(tokens: readonly number[], options: DetokenizeOptions): Operation<string, "detokenize"> {
  return { name: "detokenize", request: { tokens, ...options }, build: (raw) => raw.content };
}

export function applyTemplate(messages: Messages, options: ApplyTemplateOptions): Operation<string, "apply_template"> {
  const request = { messages: asMessages(messages), ...described(options, Form.of(options.response_format)) };
  return { name: "apply_template", request, build: (raw) => raw.prompt };
}

export function countTokens(
  prompt: Prompt | readonly generated.Message[],
  options: CountTokensOptions,
): Operation<number, "count_tokens"> {
  const isConversation = Array.isArray(prompt) && prompt.some((each) => typeof each === "object");
  const request = {
    [isConversation ? "messages" : "prompt"]: prompt,
    ...described(options, Form.of(options.response_format)),
  };
  return { name: "count_tokens", request, build: (raw) => raw.input_tokens };
}

export function adapters(
  lora: generated.LoraScales | undefined,
): Operation<generated.AdaptersResultAdapter[], "adapters"> {
  return { name: "adapters", request: lora === undefined ? {} : { lora }, build: (raw) => raw.adapters };
}
