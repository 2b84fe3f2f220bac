/** Answers as the AI SDK has them. */

import { randomUUID } from "node:crypto";

import type {
  JSONObject,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3ToolCall,
  LanguageModelV3Usage,
} from "@ai-sdk/provider";

import type { ToolCall, Usage } from "../generated.js";
import type { ChatResult } from "../results.js";

export function contentOf(result: ChatResult): LanguageModelV3Content[] {
  const content: LanguageModelV3Content[] = [];
  if (result.reasoning) {
    content.push({ type: "reasoning", text: result.reasoning });
  }
  if (result.text) {
    content.push({ type: "text", text: result.text });
  }
  return [...content, ...result.toolCalls.map((call) => callOf(call))];
}

/** id: what the call has been named already. */
export function callOf(call: ToolCall, id = call.id ?? randomUUID()): LanguageModelV3ToolCall {
  const { name, arguments: given } = call.function;
  const input = typeof given === "string" ? given : JSON.stringify(given);
  return { type: "tool-call", toolCallId: id, toolName: name, input };
}

export function finishReasonOf({ finishReason }: ChatResult): LanguageModelV3FinishReason {
  const unified = { stop: "stop", length: "length", tool_calls: "tool-calls" } as const;
  return { unified: unified[finishReason as keyof typeof unified] ?? "other", raw: finishReason };
}

export function usageOf(usage: Usage): LanguageModelV3Usage {
  const { prompt_tokens: total, completion_tokens: generated } = usage;
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    inputTokens: { total, noCache: total - cached, cacheRead: cached, cacheWrite: undefined },
    outputTokens: { total: generated, text: undefined, reasoning: undefined },
    raw: usage as unknown as JSONObject,
  };
}
