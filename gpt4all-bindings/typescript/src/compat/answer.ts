/** One answer, with the old package's callbacks. */

import type { Model } from "../model.js";
import { given, sampling, type ChatMessage, type CompletionOptions, type ResponseTokenCallback } from "./options.js";
import type { Prompting } from "./prompting.js";

/** What generate() gives. */
export interface InferenceResult {
  text: string;
  /** Tokens of the prompt. */
  tokensIngested: number;
  /** Tokens of the answer. */
  tokensGenerated: number;
  /** Both. */
  nPast: number;
}

/** Callbacks that do not look at the token's id, so that it need not be found out. */
export const withoutIds = new WeakSet<ResponseTokenCallback>();

/** Tells which token a piece of text ends with, as the model's tokenizer reads it. */
class TokenIds {
  readonly #known = new Map<string, number>();

  constructor(private readonly model: Model) {}

  async of(piece: string): Promise<number> {
    let id = this.#known.get(piece);
    if (id === undefined) {
      // A line end in front keeps tokenizers from putting a space there, which some do where a text begins.
      const text = piece.startsWith("\n") ? piece : `\n${piece}`;
      id = (await this.model.tokenize(text, { parse_special: false })).at(-1) ?? -1;
      this.#known.set(piece, id);
    }
    return id;
  }
}

/** Asks for the answer to messages. A callback that returns false ends it, and one that throws makes it fail. */
export async function answer(
  model: Model,
  prompting: Prompting,
  messages: ChatMessage[],
  options: CompletionOptions,
): Promise<InferenceResult> {
  const { verbose, onPromptToken, onResponseToken, signal, nPredict } = options;
  if (verbose) {
    console.debug("Generating completion", { model: model.path, messages, options: given(options) });
  }
  if (onPromptToken) {
    for (const token of await prompting.tokens(model, messages)) {
      if (onPromptToken(token) === false) {
        return { text: "", tokensIngested: 0, tokensGenerated: 0, nPast: 0 };
      }
    }
  }
  if (nPredict === 0) {
    return await counted(model, prompting, messages, "");
  }
  const stream = await prompting.ask(model, messages, { ...sampling(options), ...(signal ? { signal } : {}) });
  const ids = new TokenIds(model);
  let text = "";
  for await (const piece of stream) {
    text += piece;
    if (onResponseToken) {
      const id = withoutIds.has(onResponseToken) ? -1 : await ids.of(piece);
      if (onResponseToken(id, piece) === false) {
        stream.close();
        return await counted(model, prompting, messages, text);
      }
    }
  }
  const { prompt_tokens: tokensIngested, completion_tokens: tokensGenerated = 0 } = (await stream.result).usage;
  return { text, tokensIngested, tokensGenerated, nPast: tokensIngested + tokensGenerated };
}

/** The result of what was not generated to its end. */
export async function counted(
  model: Model,
  prompting: Prompting,
  messages: ChatMessage[],
  text: string,
): Promise<InferenceResult> {
  const tokensIngested = (await prompting.tokens(model, messages)).length;
  const tokensGenerated = text ? (await model.tokenize(text)).length : 0;
  return { text, tokensIngested, tokensGenerated, nPast: tokensIngested + tokensGenerated };
}
