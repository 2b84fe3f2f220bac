/** A model that the AI SDK's generateText, streamText and so on take. */

import { basename } from "node:path";

import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3StreamResult,
} from "@ai-sdk/provider";

import type { Model } from "../model.js";
import type { ChatOptions } from "../operations.js";
import type { ChatResult } from "../results.js";
import type { Stream } from "../stream.js";
import { contentOf, finishReasonOf, usageOf } from "./answer.js";
import { partsOf } from "./parts.js";
import { asRequest, type ChatCall } from "./request.js";

/** What applies to every call that does not set it: the options of Model.chat(). */
export type LanguageModelSettings = Omit<ChatOptions, "tools" | "tool_choice" | "response_format" | "n">;

/**
 * An open model for the AI SDK. It does not own the model: close that yourself.
 *
 * A call's `providerOptions: { gpt4all: { … } }` takes any option of Model.chat(). Calls fail with LLModelError, or with
 * the reason of their abort signal.
 */
export function languageModel(model: Model, settings: LanguageModelSettings = {}): LanguageModelV3 {
  return new ChatModel(model, settings);
}

class ChatModel implements LanguageModelV3 {
  readonly specificationVersion = "v3";
  readonly provider = "gpt4all";
  readonly supportedUrls = {};

  constructor(
    private readonly model: Model,
    private readonly settings: LanguageModelSettings,
  ) {}

  get modelId(): string {
    return basename(this.model.path);
  }

  async doGenerate(call: LanguageModelV3CallOptions): Promise<LanguageModelV3GenerateResult> {
    const { messages, options, warnings } = asRequest(call, this.settings);
    const timestamp = new Date();
    try {
      const result = await this.model.chat(messages, options);
      return {
        content: contentOf(result),
        finishReason: finishReasonOf(result),
        usage: usageOf(result.usage),
        response: { timestamp, modelId: this.modelId },
        warnings,
      };
    } catch (error) {
      call.abortSignal?.throwIfAborted(); // with what the SDK knows as an abort
      throw error;
    }
  }

  doStream(call: LanguageModelV3CallOptions): Promise<LanguageModelV3StreamResult> {
    return Promise.resolve().then(() => {
      const chat = asRequest(call, this.settings);
      const answer = this.model.chat(chat.messages, { ...chat.options, stream: true });
      const parts = this.parts(chat, answer);
      const stream = new ReadableStream<LanguageModelV3StreamPart>({
        async pull(controller) {
          const { value, done } = await parts.next();
          if (done) {
            controller.close();
          } else {
            controller.enqueue(value);
          }
        },
        cancel() {
          answer.close();
        },
      });
      return { stream };
    });
  }

  private async *parts(
    { options, warnings }: ChatCall,
    answer: Stream<ChatResult>,
  ): AsyncGenerator<LanguageModelV3StreamPart, undefined> {
    yield { type: "stream-start", warnings };
    yield { type: "response-metadata", timestamp: new Date(), modelId: this.modelId };
    try {
      yield* partsOf(answer);
    } catch (error) {
      options.signal?.throwIfAborted();
      yield { type: "error", error };
    }
    return undefined;
  }
}
