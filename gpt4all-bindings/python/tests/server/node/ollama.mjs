// Ollama's client for JavaScript as published. Usage: node ollama.mjs ADDRESS MODEL EMBEDDING_MODEL
// Prints what it was answered, as JSON.
import { Ollama } from "ollama";

const [host, model, vectors] = process.argv.slice(2);
const client = new Ollama({ host });
const messages = [{ role: "user", content: "What is the weather in Rome?" }];
const options = { temperature: 0, num_predict: 5 };
const schema = { type: "object", properties: { warm: { type: "boolean" } }, required: ["warm"] };

const told = {};
told.version = await client.version();
told.list = await client.list();
told.show = await client.show({ model });
told.chat = await client.chat({ model, messages, options });
told.pieces = [];
for await (const piece of await client.chat({ model, messages, options, stream: true })) {
  told.pieces.push(piece);
}
told.generate = await client.generate({ model, prompt: messages[0].content, options });
told.formatted = await client.chat({ model, messages, format: schema, options: { num_predict: 100 } });
told.embed = await client.embed({ model: vectors, input: ["a", "b"] });
told.ps = await client.ps();

// Leaving a stream in its midst; the model must go on for long.
const long = { type: "array", items: { type: "boolean" }, minItems: 400 };
const endless = await client.generate({ model, prompt: "a", format: long, stream: true });
told.aborted = null;
try {
  for await (const piece of endless) {
    told.aborted = piece.done ? "it ended" : null;
    endless.abort();
  }
} catch (error) {
  told.aborted = error.name;
}

told.errors = [];
for (const wrong of [{ model: "nobody" }, { model, options: { nonsense: 1 } }]) {
  try {
    await client.chat({ messages, ...wrong });
  } catch (error) {
    told.errors.push({ status: error.status_code, message: error.message });
  }
}
console.log(JSON.stringify(told));
