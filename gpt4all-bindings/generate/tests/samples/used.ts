// Uses the generated types. What must not compile says so.

import { ABI_VERSION, ChatRequest, CountTokensRequest, EventKind, Message, Status, TaskEvent } from "./generated";

const version: 1 = ABI_VERSION;
const done: 9 = EventKind.DONE;
const code: Status = Status.NOT_FOUND;
const messages: Message[] = [
  { role: "user", content: [{ type: "text", text: "Hello" }] },
  { role: "assistant", content: null, tool_calls: [{ type: "function", function: { name: "f", arguments: "{}" } }] },
  { role: "tool", content: "42", tool_call_id: "1" },
];
const request: ChatRequest = {
  messages, temperature: null, top_k: 40, stop: ["a"], logit_bias: [["x", false], [5, -1]],
};
const counted: CountTokensRequest = { prompt: [1, "two"] };
const format: ChatRequest = { messages, response_format: { type: "json_schema", json_schema: { schema: {} } } };

function told(event: TaskEvent<"chat">): string {
  switch (event.kind) {
    case "text":
      return event.data;
    case "embedding":
      return String(event.data.length);
    case "progress":
      return String(event.data.processed / event.data.total);
    case "result":
      return event.data.choices[0].message.content ?? "";
    default:
      return "";
  }
}

// @ts-expect-error messages are required
const noMessages: ChatRequest = { temperature: 1 };
// @ts-expect-error misspelled
const misspelled: ChatRequest = { messages, temprature: 1 };
// @ts-expect-error a tool has no reasoning
const wrongRole: Message = { role: "tool", content: "42", reasoning_content: "?" };
// @ts-expect-error an assistant says something or calls something
const silent: Message = { role: "assistant" };
// @ts-expect-error only one of both
const both: CountTokensRequest = { prompt: "a", messages };
// @ts-expect-error one of both
const neither: CountTokensRequest = {};
// @ts-expect-error no such choice
const choice: ChatRequest = { messages, reasoning_effort: "much" };
// @ts-expect-error no such status
const status: Status = 99;
