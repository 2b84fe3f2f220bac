/** A provider for the Vercel AI SDK (the package `ai`): `generateText({ model: languageModel(model), … })`. */

import type {
  EmbeddingModelV3,
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from "@ai-sdk/provider";

import type { Usage } from "../generated.js";
import type { Model } from "../model.js";
import type { ChatResult } from "../results.js";
import type { Stream } from "../stream.js";
import { messagesOf, optionsOf } from "./prompt.js";

function usageOf(usage: Usage): LanguageModelV3Usage {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    inputTokens: {
      total: usage.prompt_tokens,
      noCache: usage.prompt_tokens - cached,
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: { total: usage.completion_tokens, text: undefined, reasoning: undefined },
  };
}

function finishOf({ finishReason: raw }: ChatResult): LanguageModelV3FinishReason {
  const unified = raw === "tool_calls" ? "tool-calls" : raw === "stop" || raw === "length" ? raw : "other";
  return { unified, raw };
}

function callsOf(answer: ChatResult): Extract<LanguageModelV3Content, { type: "tool-call" }>[] {
  return answer.toolCalls.map(({ id, function: { name, arguments: given } }, index) => ({
    type: "tool-call",
    toolCallId: id ?? `call-${index}`,
    toolName: name,
    input: typeof given === "string" ? given : JSON.stringify(given),
  }));
}

/** An open model as the SDK's language model. Options that the SDK has no name for go into providerOptions.gpt4all. */
export function languageModel(model: Model): LanguageModelV3 {
  return {
    specificationVersion: "v3",
    provider: "gpt4all",
    modelId: model.path,
    supportedUrls: {},
    async doGenerate(call) {
      const { options, warnings } = optionsOf(call);
      const asked = model.chat(messagesOf(call.prompt), { ...options, ...signalOf(call) });
      const answer = await asked.catch((error: unknown) => refuse(error, call));
      const content: LanguageModelV3Content[] = callsOf(answer);
      if (answer.text) {
        content.unshift({ type: "text", text: answer.text });
      }
      if (answer.reasoning) {
        content.unshift({ type: "reasoning", text: answer.reasoning });
      }
      return { content, finishReason: finishOf(answer), usage: usageOf(answer.usage), warnings };
    },
    doStream(call) {
      const { options, warnings } = optionsOf(call);
      return Promise.resolve().then(() => {
        const stream = model.chat(messagesOf(call.prompt), { ...options, ...signalOf(call), stream: true });
        const parts = partsOf(stream, [{ type: "stream-start", warnings }]);
        return {
          stream: new ReadableStream<LanguageModelV3StreamPart>({
            async pull(controller) {
              const { value, done } = await parts.next().catch((error: unknown) => refuse(error, call));
              if (done) {
                controller.close();
              } else {
                controller.enqueue(value);
              }
            },
            cancel: () => stream.close(),
          }),
        };
      });
    },
  };
}

function signalOf(call: LanguageModelV3CallOptions): { signal?: AbortSignal } {
  return call.abortSignal ? { signal: call.abortSignal } : {};
}

/** The SDK knows an abort by the signal's own reason. */
function refuse(error: unknown, { abortSignal }: LanguageModelV3CallOptions): never {
  throw abortSignal?.aborted ? abortSignal.reason : error;
}

/** What the SDK wants of a stream: text and reasoning between marks, then the calls and the end. */
async function* partsOf(
  stream: Stream<ChatResult>,
  first: LanguageModelV3StreamPart[],
): AsyncGenerator<LanguageModelV3StreamPart, undefined> {
  yield* first;
  let open: "text" | "reasoning" | undefined;
  let number = 0;
  for await (const event of stream.events()) {
    if ((event.kind !== "text" && event.kind !== "reasoning") || event.index !== 0) {
      continue;
    }
    if (event.kind !== open) {
      if (open) {
        yield { type: `${open}-end`, id: String(number++) };
      }
      open = event.kind;
      yield { type: `${open}-start`, id: String(number) };
    }
    yield { type: `${open}-delta`, id: String(number), delta: event.data };
  }
  if (open) {
    yield { type: `${open}-end`, id: String(number) };
  }
  const answer = await stream.result;
  yield* callsOf(answer);
  yield { type: "finish", finishReason: finishOf(answer), usage: usageOf(answer.usage) };
  return undefined;
}

/** An open model as the SDK's embedding model. */
export function embeddingModel(model: Model): EmbeddingModelV3 {
  return {
    specificationVersion: "v3",
    provider: "gpt4all",
    modelId: model.path,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal }) {
      const { vectors, usage } = await model.embed(values, abortSignal ? { signal: abortSignal } : {});
      const embeddings = vectors.map((vector) => Array.from(vector));
      return { embeddings, usage: { tokens: usage.prompt_tokens }, warnings: [] };
    },
  };
}
