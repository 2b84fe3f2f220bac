// The examples of docs/tools.md in TypeScript.

// example: first
import { load, tool } from "gpt4all";
import { z } from "zod";

const Asked = z.object({
  city: z.enum(["Paris", "Rome"]).describe("Where."),
  unit: z.enum(["celsius", "fahrenheit"]).default("celsius").describe("Of the temperature."),
});

function today({ city, unit }: z.infer<typeof Asked>) {
  return { city, temperature: 21, unit };
}

const weather = tool({ name: "weather", description: "The weather of today.", parameters: Asked, execute: today });

const model = await load("qwen3-0.6b"); // one that was trained to call tools
const result = await model.runTools("Do I need a coat in Paris?", [weather], { max_tokens: 300 });
console.log(result.text);
for (const call of result.calls) {
  console.log(call.name, call.arguments, call.value);
}
// end of example

// example: described
const forecast = tool({ name: "forecast", description: "Tomorrow's weather.", parameters: Asked, execute: today });
console.log(JSON.stringify(forecast.description, null, 2));
// end of example

// example: yourself
import type { types } from "gpt4all";

const messages: types.Message[] = [{ role: "user", content: "How warm is Rome?" }];
const answer = await model.chat(messages, {
  tools: [weather],
  tool_choice: "required",
  parallel_tool_calls: false,
  temperature: 0,
  max_tokens: 200,
});
console.log(answer.finishReason);

const [call] = answer.toolCalls;
const value = await weather.call(call.function.arguments);
messages.push(answer.message, { role: "tool", tool_call_id: call.id, content: JSON.stringify(value) });
console.log((await model.chat(messages, { tools: [weather], tool_choice: "none", max_tokens: 60 })).text);
// end of example

// example: close
await model.close();
// end of example
