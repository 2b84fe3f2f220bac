/** A model that the AI SDK's embed and embedMany take. */

import { basename } from "node:path";

import type { EmbeddingModelV3, EmbeddingModelV3CallOptions, EmbeddingModelV3Result } from "@ai-sdk/provider";

import type { Model } from "../model.js";
import type { EmbedOptions } from "../operations.js";

/** An open embedding model for the AI SDK, with options of Model.embed(). Close the model yourself. */
export function embeddingModel(model: Model, settings: EmbedOptions = {}): EmbeddingModelV3 {
  return new TextEmbeddingModel(model, settings);
}

class TextEmbeddingModel implements EmbeddingModelV3 {
  readonly specificationVersion = "v3";
  readonly provider = "gpt4all";
  readonly maxEmbeddingsPerCall = undefined; // any number
  readonly supportsParallelCalls = true;

  constructor(
    private readonly model: Model,
    private readonly settings: EmbedOptions,
  ) {}

  get modelId(): string {
    return basename(this.model.path);
  }

  async doEmbed(call: EmbeddingModelV3CallOptions): Promise<EmbeddingModelV3Result> {
    const signal = call.abortSignal ? { signal: call.abortSignal } : {};
    try {
      const options = { ...this.settings, ...call.providerOptions?.["gpt4all"], ...signal };
      const { vectors, usage } = await this.model.embed(call.values, options);
      const embeddings = vectors.map((vector) => Array.from(vector));
      return { embeddings, usage: { tokens: usage.prompt_tokens }, warnings: [] };
    } catch (error) {
      call.abortSignal?.throwIfAborted();
      throw error;
    }
  }
}
