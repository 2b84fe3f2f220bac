// OpenAI's client for JavaScript as published. Usage: node openai.mjs ADDRESS MODEL TOOL_MODEL EMBEDDING_MODEL
// Prints what it was answered, as JSON.
import OpenAI from "openai";

const [address, model, caller, vectors] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "What is the weather in Rome?" }];
const asked = { model, messages, max_tokens: 5, temperature: 0 };
const schema = { type: "object", properties: { city: { enum: ["Paris", "Rome"] } }, required: ["city"], additionalProperties: false };
const parameters = schema;

const told = {};
told.models = [];
for await (const each of client.models.list()) {
  told.models.push(each.id);
}
told.model = await client.models.retrieve(model);
told.chat = await client.chat.completions.create(asked);
told.pieces = [];
for await (const piece of await client.chat.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } })) {
  told.pieces.push(piece);
}
told.formatted = await client.chat.completions.parse({
  ...asked,
  max_tokens: 100,
  response_format: { type: "json_schema", json_schema: { name: "city", schema, strict: true } },
});
const calling = client.chat.completions.runTools({
  model: caller,
  messages,
  temperature: 0,
  max_tokens: 400,
  parallel_tool_calls: false,
  tool_choice: { type: "function", function: { name: "weather" } },
  tools: [
    {
      type: "function",
      function: {
        name: "weather",
        parameters,
        parse: JSON.parse,
        function: ({ city }) => `It is sunny in ${city}.`,
      },
    },
  ],
});
await calling.done();
told.called = calling.messages;
told.completion = await client.completions.create({ model, prompt: "a", max_tokens: 3, temperature: 0, logprobs: 1, echo: true });
told.embeddings = (await client.embeddings.create({ model: vectors, input: ["a", "b"] })).data.map((each) => each.embedding.length);
told.response = await client.responses.create({ model, input: "Hello", max_output_tokens: 5, temperature: 0 });
told.events = [];
for await (const event of await client.responses.create({ model, input: "Hello", max_output_tokens: 5, temperature: 0, stream: true })) {
  told.events.push(event.type);
}

told.aborted = false;
const endless = await client.chat.completions.create({
  ...asked,
  max_tokens: 1500,
  response_format: { type: "json_schema", json_schema: { name: "long", schema: { type: "array", items: { type: "boolean" }, minItems: 400 } } },
  stream: true,
});
for await (const piece of endless) {
  told.aborted = piece.choices[0]?.finish_reason === null;
  endless.controller.abort();
}

told.errors = [];
for (const wrong of [{ model: "nobody" }, { nonsense: 1 }, { temperature: "hot" }]) {
  try {
    await client.chat.completions.create({ ...asked, ...wrong });
  } catch (error) {
    told.errors.push({ kind: error.constructor.name, status: error.status, param: error.param, message: error.message });
  }
}
console.log(JSON.stringify(told));
