/** The AI SDK's calls as requests. */

import type { LanguageModelV3CallOptions, SharedV3Warning } from "@ai-sdk/provider";

import type { ConversationToolChoice, FreeObject, Message, ResponseFormat, Tool } from "../generated.js";
import type { ChatOptions } from "../operations.js";
import { plain } from "../schema.js";
import { asMessages } from "./prompt.js";

export interface ChatCall {
  messages: Message[];
  options: ChatOptions & { signal?: AbortSignal };
  /** What was asked for and cannot be had. */
  warnings: SharedV3Warning[];
}

/** `defaults` apply to what the call leaves open; `providerOptions.gpt4all` takes precedence. */
export function asRequest(call: LanguageModelV3CallOptions, defaults: ChatOptions): ChatCall {
  const warnings: SharedV3Warning[] = [];
  const tools = asTools(call.tools ?? [], warnings);
  const given = {
    max_tokens: call.maxOutputTokens,
    temperature: call.temperature,
    top_p: call.topP,
    top_k: call.topK,
    presence_penalty: call.presencePenalty,
    frequency_penalty: call.frequencyPenalty,
    seed: call.seed,
    stop: call.stopSequences,
    response_format: asForm(call.responseFormat),
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? asChoice(call.toolChoice) : undefined,
    signal: call.abortSignal,
  };
  const options = {
    ...defaults,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...call.providerOptions?.["gpt4all"],
  };
  return { messages: asMessages(call.prompt), options, warnings };
}

function asForm(form: LanguageModelV3CallOptions["responseFormat"]): ResponseFormat | undefined {
  if (form?.type !== "json") {
    return undefined;
  }
  if (!form.schema) {
    return { type: "json_object" };
  }
  const schema = plain(form.schema) as FreeObject;
  return { type: "json_schema", json_schema: { name: form.name ?? "answer", schema, strict: true } };
}

function asTools(tools: NonNullable<LanguageModelV3CallOptions["tools"]>, warnings: SharedV3Warning[]): Tool[] {
  return tools.flatMap((tool): Tool[] => {
    if (tool.type !== "function") {
      warnings.push({ type: "unsupported", feature: `the provider's tool ${tool.id}` });
      return [];
    }
    const { name, description, inputSchema } = tool;
    const parameters = plain(inputSchema) as FreeObject;
    return [{ type: "function", function: { name, ...(description ? { description } : {}), parameters } }];
  });
}

function asChoice(choice: LanguageModelV3CallOptions["toolChoice"]): string | ConversationToolChoice | undefined {
  return choice?.type === "tool" ? { type: "function", function: { name: choice.toolName } } : choice?.type;
}
