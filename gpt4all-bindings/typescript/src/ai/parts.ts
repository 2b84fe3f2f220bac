/** Events of an answer that is being written, as the parts of the AI SDK's streams. */

import { randomUUID } from "node:crypto";

import type { LanguageModelV3StreamPart } from "@ai-sdk/provider";

import type { ToolCall, ToolCallEvent } from "../generated.js";
import type { ChatResult } from "../results.js";
import type { Stream } from "../stream.js";
import { callOf, finishReasonOf, usageOf } from "./answer.js";

type Part = LanguageModelV3StreamPart;
type Kind = "text" | "reasoning";

/** The parts of one answer, between "stream-start" and the end. Leaving the loop over them cancels the request. */
export async function* partsOf(stream: Stream<ChatResult>): AsyncGenerator<Part> {
  const blocks = new Blocks();
  const calls = new Calls();
  for await (const event of stream.events()) {
    if (event.index !== 0) {
      continue; // another choice: the SDK knows only one
    }
    if (event.kind === "text" || event.kind === "reasoning") {
      yield* blocks.add(event.kind, event.data);
    } else if (event.kind === "tool_call") {
      yield* blocks.end();
      yield* calls.add(event.data);
    }
  }
  yield* blocks.end();
  const result = await stream.result;
  yield* calls.end(result.toolCalls);
  yield { type: "finish", usage: usageOf(result.usage), finishReason: finishReasonOf(result) };
}

/** Stretches of text, or of thoughts. */
class Blocks {
  private open: { kind: Kind; id: string } | undefined;
  private count = 0;

  *add(kind: Kind, delta: string): Generator<Part> {
    if (this.open?.kind !== kind) {
      yield* this.end();
      this.open = { kind, id: String(this.count++) };
      yield { type: `${kind}-start`, id: this.open.id };
    }
    yield { type: `${kind}-delta`, id: this.open.id, delta };
  }

  *end(): Generator<Part> {
    if (this.open) {
      yield { type: `${this.open.kind}-end`, id: this.open.id };
      this.open = undefined;
    }
  }
}

/** Calls of tools, whose arguments come in pieces. */
class Calls {
  private readonly ids = new Map<number, string>();

  *add({ index, id: given, function: piece }: ToolCallEvent): Generator<Part> {
    let id = this.ids.get(index);
    if (id === undefined) {
      id = given ?? randomUUID();
      this.ids.set(index, id);
      yield { type: "tool-input-start", id, toolName: piece?.name ?? "" };
    }
    if (piece?.arguments) {
      yield { type: "tool-input-delta", id, delta: piece.arguments };
    }
  }

  *end(calls: readonly ToolCall[]): Generator<Part> {
    for (const [index, call] of calls.entries()) {
      const id = this.ids.get(index);
      if (id !== undefined) {
        yield { type: "tool-input-end", id };
      }
      yield callOf(call, id);
    }
  }
}
