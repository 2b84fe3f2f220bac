// The Vercel AI SDK with its provider for OpenAI-compatible servers, both as published.
// Usage: node ai-sdk.mjs ADDRESS MODEL TOOL_MODEL EMBEDDING_MODEL. Prints what it was answered, as JSON.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, jsonSchema, Output, streamText, tool } from "ai";

const [address, model, caller, vectors] = process.argv.slice(2);
const provider = createOpenAICompatible({
  name: "gpt4all",
  baseURL: `${address}/v1`,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const asked = { model: provider(model), prompt: "Hello", maxOutputTokens: 5, temperature: 0, maxRetries: 0 };
const city = jsonSchema({
  type: "object",
  properties: { city: { enum: ["Paris", "Rome"] } },
  required: ["city"],
  additionalProperties: false,
});
const told = {};

const whole = await generateText(asked);
told.text = whole.text;
told.usage = whole.usage;
const stream = streamText(asked);
told.pieces = [];
for await (const piece of stream.textStream) {
  told.pieces.push(piece);
}
told.streamed = await stream.usage;
told.reason = await stream.finishReason;

const called = await generateText({
  ...asked,
  model: provider(caller),
  prompt: "What is the weather in Rome?",
  maxOutputTokens: 400,
  toolChoice: "required",
  tools: { weather: tool({ description: "The weather of a city.", inputSchema: city }) },
});
told.calls = called.toolCalls.map((call) => ({ name: call.toolName, input: call.input }));
const formed = await generateText({ ...asked, maxOutputTokens: 100, output: Output.object({ schema: city }) });
told.object = formed.output;
const embedded = await embedMany({ model: provider.embeddingModel(vectors), values: ["a", "b"], maxRetries: 0 });
told.embeddings = embedded.embeddings.map((each) => each.length);
try {
  await generateText({ ...asked, model: provider("nobody") });
} catch (error) {
  told.error = { status: error.statusCode, message: error.message };
}
console.log(JSON.stringify(told));
