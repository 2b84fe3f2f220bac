// The examples of docs/quickstart.md in TypeScript.

// example: first
import { load } from "gpt4all";

const model = await load("smollm2"); // which `gpt4all pull smollm2` has put into the cache
let answer = await model.chat("Name three primary colours.", { max_tokens: 60, temperature: 0 });
console.log(answer.text);
// end of example

// example: messages
answer = await model.chat(
  [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Name a colour." },
  ],
  { temperature: 0.2, max_tokens: 32, stop: ["\n"] },
);
console.log(answer.text, answer.finishReason, answer.usage.completion_tokens);
// end of example

// example: misspelt
import { InvalidArgumentError } from "gpt4all";

try {
  await model.chat("Hello.", { temperature: -0.2 }); // a misspelt option does not even compile
} catch (error) {
  if (!(error instanceof InvalidArgumentError)) {
    throw error;
  }
  console.log(error.message); // names the option, and what it may be
}
// end of example

// example: stream
for await (const piece of model.chat("Count to five.", { max_tokens: 40, stream: true })) {
  process.stdout.write(piece);
}
// end of example

// example: session
import { Session } from "gpt4all";

const session = new Session(model, { system: "Be brief.", max_tokens: 60 });
console.log((await session.chat("What is the capital of France?")).text);
console.log((await session.chat("How many people live there?")).text);
// end of example

// example: close
await model.close();
// end of example
