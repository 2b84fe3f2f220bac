/** The Vercel AI SDK's prompts, tools and options as requests of chat. */

import type { LanguageModelV3CallOptions, LanguageModelV3Message, SharedV3Warning } from "@ai-sdk/provider";

import type { ContentPart, FreeObject, Message, Tool } from "../generated.js";
import type { ChatOptions } from "../operations.js";

function contentOf(parts: Extract<LanguageModelV3Message, { role: "user" }>["content"]): ContentPart[] {
  return parts.map((part) => {
    if (part.type === "text") {
      return { type: "text", text: part.text };
    }
    const data = part.data instanceof Uint8Array ? Buffer.from(part.data).toString("base64") : String(part.data);
    const url = /^(https?|data):/.test(data) ? data : `data:${part.mediaType};base64,${data}`;
    return { type: "image_url", image_url: { url } };
  });
}

/** A prompt as chat messages. */
export function messagesOf(prompt: LanguageModelV3CallOptions["prompt"]): Message[] {
  return prompt.flatMap((message): Message[] => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }];
      case "user": {
        const parts = contentOf(message.content);
        const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
        return [{ role: "user", content: texts.length === parts.length ? texts.join("") : parts }];
      }
      case "assistant": {
        const texts = message.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
        const thoughts = message.content.flatMap((part) => (part.type === "reasoning" ? [part.text] : []));
        const calls = message.content.flatMap((part) =>
          part.type === "tool-call"
            ? [
                {
                  type: "function" as const,
                  id: part.toolCallId,
                  function: { name: part.toolName, arguments: JSON.stringify(part.input) },
                },
              ]
            : [],
        );
        return [
          {
            role: "assistant",
            content: texts.join(""),
            ...(thoughts.length > 0 ? { reasoning_content: thoughts.join("") } : {}),
            ...(calls.length > 0 ? { tool_calls: calls } : {}),
          },
        ];
      }
      case "tool":
        return message.content.flatMap((part) => {
          if (part.type !== "tool-result") {
            return [];
          }
          const { output } = part;
          const value = "value" in output ? output.value : (output.reason ?? "the call was not allowed");
          const content = typeof value === "string" ? value : JSON.stringify(value);
          return [{ role: "tool", tool_call_id: part.toolCallId, name: part.toolName, content }];
        });
    }
  });
}

/** The options of a call, with warnings about those that nothing here can follow. */
export function optionsOf(call: LanguageModelV3CallOptions): { options: ChatOptions; warnings: SharedV3Warning[] } {
  const warnings: SharedV3Warning[] = [];
  const tools: Tool[] = [];
  for (const each of call.tools ?? []) {
    if (each.type === "function") {
      const { name, description, inputSchema } = each;
      const parameters = inputSchema as FreeObject;
      tools.push({ type: "function", function: { name, ...(description ? { description } : {}), parameters } });
    } else {
      warnings.push({ type: "unsupported", feature: `the provider's tool ${each.id}` });
    }
  }
  const given = {
    max_tokens: call.maxOutputTokens,
    temperature: call.temperature,
    top_p: call.topP,
    top_k: call.topK,
    presence_penalty: call.presencePenalty,
    frequency_penalty: call.frequencyPenalty,
    stop: call.stopSequences,
    seed: call.seed,
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? choiceOf(call.toolChoice) : undefined,
    response_format: formatOf(call.responseFormat),
    ...call.providerOptions?.["gpt4all"],
  };
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { options: options, warnings };
}

function choiceOf(choice: LanguageModelV3CallOptions["toolChoice"]): ChatOptions["tool_choice"] {
  if (choice?.type === "tool") {
    return { type: "function", function: { name: choice.toolName } };
  }
  return choice?.type;
}

function formatOf(format: LanguageModelV3CallOptions["responseFormat"]): FreeObject | undefined {
  if (format?.type !== "json") {
    return undefined;
  }
  if (!format.schema) {
    return { type: "json_object" };
  }
  return { type: "json_schema", json_schema: { name: format.name ?? "answer", schema: format.schema, strict: true } };
}
