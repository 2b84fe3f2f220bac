/** A model that embeds, as loadModel() gives it with the type "embedding". */

import { InvalidArgumentError } from "../errors.js";
import type { Model } from "../model.js";
import type { ModelConfig } from "./config.js";
import { embedTexts } from "./embedding.js";

export interface EmbeddingResult<T = Float32Array | Float32Array[]> {
  /** Tokens of the texts. */
  n_prompt_tokens: number;
  /** A vector of length 1, or one for each text of a list. */
  embeddings: T;
}

export interface EmbeddingOptions {
  /** The task, such as "search_query". Default: that of documents, for models that the package knows. */
  prefix?: string | undefined;
  /** Size to cut the vectors to, for models that were trained for it. */
  dimensionality?: number | undefined;
  /** What becomes of texts longer than the context: "mean" of their parts, which is the default, or "truncate". */
  longTextMode?: "mean" | "truncate" | undefined;
  /** Whether to treat long texts as Nomic's API does. */
  atlas?: boolean | undefined;
}

/** A model that embeds. dispose() it when it is no longer needed. */
export class EmbeddingModel {
  /** Below this, vectors are of little use. */
  readonly MIN_DIMENSIONALITY = 64;

  /** llm: the model below, with all that is new. config: what is known of it. */
  constructor(
    readonly llm: Model,
    readonly config: ModelConfig,
  ) {}

  get modelName(): string {
    return this.config.filename ?? this.llm.path;
  }

  /** The vectors of texts. dimensionality: -1 for the model's own. doMean: whether long texts are cut into parts. */
  async embed<T extends string | string[]>(
    text: T,
    prefix?: string,
    dimensionality = -1,
    doMean = true,
    atlas = false,
  ): Promise<EmbeddingResult<T extends string ? Float32Array : Float32Array[]>> {
    const texts: string[] = Array.isArray(text) ? text : [text];
    const size = dimensionality < 0 ? undefined : dimensionality;
    const { vectors, tokens } = await embedTexts(this.llm, texts, { prefix, size, mean: doMean, atlas });
    const embeddings = typeof text === "string" ? vectors[0] : vectors;
    return {
      n_prompt_tokens: tokens,
      embeddings: embeddings as T extends string ? Float32Array : Float32Array[],
    };
  }

  /** Cancels whatever is running and frees the memory. Safe to call at any time, and more than once. */
  dispose(): Promise<void> {
    return this.llm.close();
  }
}

/**
 * The vector of a text, or those of a list. Unlike in the old package, this is a promise, so that it does not block the
 * event loop: `await` it.
 */
export async function createEmbedding<T extends string | string[]>(
  model: EmbeddingModel,
  text: T,
  options: EmbeddingOptions = {},
): Promise<EmbeddingResult<T extends string ? Float32Array : Float32Array[]>> {
  const { prefix, dimensionality, longTextMode = "mean", atlas = false } = options;
  if (longTextMode !== "mean" && longTextMode !== "truncate") {
    throw new InvalidArgumentError(`Long text mode must be one of 'mean' or 'truncate', got '${String(longTextMode)}'`);
  }
  if (dimensionality !== undefined) {
    if (!(dimensionality > 0)) {
      throw new InvalidArgumentError(`Dimensionality must be undefined or a positive integer, got ${dimensionality}`);
    }
    if (dimensionality < model.MIN_DIMENSIONALITY) {
      console.warn(
        `Dimensionality ${dimensionality} is less than the suggested minimum of ${model.MIN_DIMENSIONALITY}.`,
      );
    }
  }
  return await model.embed(text, prefix, dimensionality, longTextMode === "mean", atlas);
}
