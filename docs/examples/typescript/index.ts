// The example of docs/index.md in TypeScript.

// example: first
import { load } from "gpt4all";

const model = await load("smollm2");
for await (const piece of model.chat("Why is the sky blue?", { stream: true })) {
  process.stdout.write(piece);
}
await model.close();
// end of example
