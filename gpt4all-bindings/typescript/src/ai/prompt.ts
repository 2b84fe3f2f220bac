/** The AI SDK's prompts as chat messages. */

import type {
  LanguageModelV3FilePart,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolResultOutput,
} from "@ai-sdk/provider";

import { UnsupportedError } from "../errors.js";
import type { ContentPart, Message, ToolCall } from "../generated.js";

type Content<Role> = Extract<LanguageModelV3Message, { role: Role }>["content"];

/** Throws UnsupportedError for what a chat message cannot have. */
export function asMessages(prompt: LanguageModelV3Prompt): Message[] {
  return prompt.flatMap((message): Message[] => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }];
      case "user":
        return [{ role: "user", content: userContent(message.content) }];
      case "assistant":
        return [assistant(message.content)];
      case "tool":
        return toolResults(message.content);
    }
  });
}

function userContent(parts: Content<"user">): string | ContentPart[] {
  const [first] = parts;
  if (parts.length === 1 && first?.type === "text") {
    return first.text; // which every template can read
  }
  return parts.map((part) => (part.type === "text" ? { type: "text", text: part.text } : media(part)));
}

function media({ data, mediaType }: LanguageModelV3FilePart): ContentPart {
  if (data instanceof URL) {
    throw new UnsupportedError(`the file at ${data.href} cannot be fetched; give its content`);
  }
  const base64 = typeof data === "string" ? data : Buffer.from(data).toString("base64");
  if (mediaType.startsWith("image/")) {
    const type = mediaType === "image/*" ? "image/jpeg" : mediaType;
    return { type: "image_url", image_url: { url: `data:${type};base64,${base64}` } };
  }
  if (mediaType === "audio/wav" || mediaType === "audio/mpeg") {
    return { type: "input_audio", input_audio: { data: base64, format: mediaType === "audio/wav" ? "wav" : "mp3" } };
  }
  throw new UnsupportedError(`a file of the type ${mediaType} cannot be given to a model; give images, WAV or MP3`);
}

function assistant(parts: Content<"assistant">): Message {
  let [content, reasoning] = ["", ""];
  const calls: ToolCall[] = [];
  for (const part of parts) {
    switch (part.type) {
      case "text":
        content += part.text;
        break;
      case "reasoning":
        reasoning += part.text;
        break;
      case "tool-call":
        calls.push({
          id: part.toolCallId,
          type: "function",
          function: { name: part.toolName, arguments: JSON.stringify(part.input) },
        });
        break;
      default:
        throw new UnsupportedError(`an assistant's message cannot have a part of the type ${part.type}`);
    }
  }
  return {
    role: "assistant",
    content: content || (calls.length > 0 ? null : ""),
    ...(reasoning ? { reasoning_content: reasoning } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

function toolResults(parts: Content<"tool">): Message[] {
  return parts.map((part) => {
    if (part.type !== "tool-result") {
      throw new UnsupportedError("calls that a provider makes itself, which need approval, are not supported");
    }
    return { role: "tool", tool_call_id: part.toolCallId, name: part.toolName, content: toldOf(part.output) };
  });
}

function toldOf(output: LanguageModelV3ToolResultOutput): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
    case "error-json":
      return JSON.stringify(output.value);
    case "execution-denied":
      return output.reason ?? "The call was not allowed.";
    case "content":
      return output.value
        .map((part) => {
          if (part.type !== "text") {
            throw new UnsupportedError(`a tool's result cannot have a part of the type ${part.type}; return text`);
          }
          return part.text;
        })
        .join("\n");
  }
}
