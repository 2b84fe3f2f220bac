// The examples of docs/concurrency.md in TypeScript.

// example: many
import { load } from "gpt4all";

const questions = ["Why is the sky blue?", "Why is grass green?", "Why is snow white?"];
const model = await load("smollm2", { n_ctx: 4096, n_parallel: 8 });
const answers = await Promise.all(questions.map((question) => model.chat(question, { max_tokens: 30 })));
for (const answer of answers) {
  console.log(answer.text);
}
// end of example

// example: full
const small = await load("smollm2", { n_ctx: 256, n_parallel: 3 });
const stories = await Promise.all(
  ["cat", "dog", "fox"].map((who) => small.chat(`Tell me of a ${who}.`, { max_tokens: 150, ignore_eos: true })),
);
console.log(stories.map((story) => story.finishReason)); // "length", each of 150 tokens
await small.close();
// end of example

// example: asynchronous
import { Session } from "gpt4all";

const asked = questions.map((question) => model.chat(question, { max_tokens: 30 }));

const stream = model.chat("Count to ten.", { stream: true, max_tokens: 40 });
for await (const piece of stream) {
  process.stdout.write(piece);
}
console.log((await stream.result).usage);

console.log((await Promise.all(asked)).map((answer) => answer.text)); // which were written at the same time
console.log((await new Session(model, { max_tokens: 40 }).chat("Hello.")).text);
// end of example

// example: time-limit
import { CancellationError } from "gpt4all";

try {
  await model.chat("Tell a very long story.", { signal: AbortSignal.timeout(500) });
} catch (error) {
  if (!(error instanceof CancellationError)) {
    throw error;
  }
  console.log("too long");
}

await model.close();
// end of example
