// The examples of docs/scores.md in TypeScript.

// example: first
import { load } from "gpt4all";

const model = await load("smollm2");
const { scores } = await model.score("The capital of France is", [" Paris.", " Rome.", " cheese."]);
for (const score of scores) {
  console.log(score.logprob, score.greedy, score.tokens.length);
}
// end of example

// example: perplexity
const fox = await model.score("The quick brown fox", [" jumps over the lazy dog."]);
for (const score of fox.scores) {
  console.log(Math.exp(-score.logprob / score.tokens.length));
}
// end of example

// example: rows
const { rows } = await model.score("The sky is", [" blue"], { logprob_rows: "continuation" });
for (const row of rows) {
  const best = row.logprobs.indexOf(Math.max(...row.logprobs)); // a Float32Array
  console.log(JSON.stringify(await model.detokenize([best])), row.logprobs[best]);
}
// end of example

// example: batch
const inputs = [
  { context: "The capital of France is", continuations: [" Paris.", " Rome."] },
  { context: "Water freezes at", continuations: [" 0 degrees Celsius.", " 50 degrees Celsius."] },
];
const { results } = await model.scoreBatch(inputs);
for (const [index, { scores: found }] of results.entries()) {
  const logprobs = found.map(({ logprob }) => logprob);
  const likeliest = logprobs.indexOf(Math.max(...logprobs));
  console.log(inputs[index]?.context, inputs[index]?.continuations[likeliest]);
}
// end of example

// example: logprobs
const options = { logprobs: true, top_logprobs: 3, max_tokens: 4, temperature: 0 };
const answer = await model.chat("Is the sky blue?", options);
for (const token of answer.logprobs?.content ?? []) {
  console.log(
    JSON.stringify(token.token),
    token.logprob,
    token.top_logprobs?.map((each) => each.token),
  );
}
// end of example

// example: logprobs-stream
const stream = model.chat("Is the sky blue?", { stream: true, logprobs: true, max_tokens: 8, temperature: 0 });
for await (const event of stream.events()) {
  if (event.kind === "token_logprobs") {
    for (const token of event.data.content) {
      console.log(JSON.stringify(token.token), token.logprob?.toFixed(2));
    }
  }
}
// end of example

// example: tokens
const tokens = await model.tokenize("Hello, world.");
console.log(tokens, await model.detokenize(tokens), await model.countTokens("Hello, world."));
await model.close();
// end of example
