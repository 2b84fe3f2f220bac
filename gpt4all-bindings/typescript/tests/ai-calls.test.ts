/** What the provider makes of the Vercel AI SDK's calls: settings, forms, tools, aborts and errors. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { embed, generateObject, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { InvalidArgumentError, Model, UnsupportedError } from "gpt4all";
import { embeddingModel, languageModel } from "gpt4all/ai";
import { z } from "zod";

import { committed, TINY, TOOLS_TEMPLATE } from "./support/places.js";

let model: Model;
before(async () => {
  model = await Model.open(TINY, { n_ctx: 4096, n_parallel: 2, chat_template: TOOLS_TEMPLATE });
});
after(() => model.close());

const Sky = z.object({ colour: z.enum(["blue", "grey"]), clouds: z.number().int().min(0).max(9) });
const weather = tool({
  description: "The weather of a place.",
  inputSchema: z.object({ place: z.enum(["Paris", "Rome"]) }),
  execute: ({ place }) => ({ place, sky: "blue" }),
});
const brief = { temperature: 0, maxOutputTokens: 12 };

test("an answer has its usage and its model", async () => {
  const answer = await generateText({ model: languageModel(model), system: "Be brief.", prompt: "Hello", ...brief });
  const own = await model.chat(
    [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ],
    { temperature: 0, max_tokens: 12 },
  );
  assert.equal(answer.text, own.text);
  assert.equal(answer.finishReason, own.finishReason === "length" ? "length" : "stop");
  assert.equal(answer.usage.inputTokens, own.usage.prompt_tokens);
  assert.equal(answer.usage.outputTokens, own.usage.completion_tokens);
  assert.equal(answer.response.modelId, "tiny-llama-f32.gguf");
});

test("settings apply where a call says nothing, and providerOptions above all", async () => {
  const named = languageModel(model, { max_tokens: 3, temperature: 0 });
  assert.equal((await generateText({ model: named, prompt: "Hello" })).usage.outputTokens, 3);
  assert.equal((await generateText({ model: named, prompt: "Hello", maxOutputTokens: 5 })).usage.outputTokens, 5);
  const providerOptions = { gpt4all: { max_tokens: 2 } };
  const answer = await generateText({ model: named, prompt: "Hello", maxOutputTokens: 5, providerOptions });
  assert.equal(answer.usage.outputTokens, 2);
});

test("generateObject and Output.object give objects of a zod schema", async () => {
  const call = { model: languageModel(model), prompt: "The sky?", temperature: 0, maxOutputTokens: 200 };
  const { object } = await generateObject({ ...call, schema: Sky });
  assert.deepEqual(Sky.parse(object), object);
  const { output } = await generateText({ ...call, output: Output.object({ schema: Sky }) });
  assert.deepEqual(output, object);
  const streamed = streamText({ ...call, output: Output.object({ schema: Sky }) });
  assert.deepEqual(await streamed.output, object);
});

test("generateText calls tools and tells the model what they return", async () => {
  let prompts = 0;
  const answer = await generateText({
    model: languageModel(model),
    prompt: "The weather?",
    tools: { weather },
    temperature: 0,
    maxOutputTokens: 100,
    stopWhen: stepCountIs(2),
    providerOptions: { gpt4all: { parallel_tool_calls: false } },
    prepareStep: ({ stepNumber }) => {
      prompts += 1;
      return { toolChoice: stepNumber === 0 ? "required" : "none" };
    },
  });
  assert.equal(prompts, 2);
  const [first, second] = answer.steps;
  assert.equal(first?.finishReason, "tool-calls");
  assert.equal(first?.toolCalls.length, 1);
  const { place } = first?.toolCalls[0]?.input as { place: string };
  assert.deepEqual(first?.toolResults[0]?.output, { place, sky: "blue" });
  assert.ok((second?.usage.inputTokens ?? 0) > (first?.usage.inputTokens ?? 0));
});

test("streamText gives a tool's arguments in pieces, and then the call", async () => {
  const streamed = streamText({
    model: languageModel(model),
    prompt: "The weather?",
    tools: { weather },
    toolChoice: { type: "tool", toolName: "weather" },
    temperature: 0,
    maxOutputTokens: 100,
    providerOptions: { gpt4all: { parallel_tool_calls: false } },
  });
  const pieces: string[] = [];
  const kinds: string[] = [];
  for await (const part of streamed.fullStream) {
    kinds.push(part.type);
    if (part.type === "tool-input-delta") {
      pieces.push(part.delta);
    }
  }
  const [call] = await streamed.toolCalls;
  assert.deepEqual(JSON.parse(pieces.join("")), call?.input);
  for (const kind of ["tool-input-start", "tool-input-end", "tool-call", "tool-result"]) {
    assert.equal(kinds.filter((each) => each === kind).length, 1, kind);
  }
  assert.equal(await streamed.finishReason, "tool-calls");
});

const endless = { maxOutputTokens: 3000, providerOptions: { gpt4all: { ignore_eos: true } } };

test("an abort signal ends what runs, and the model is free again", async () => {
  const abort = new AbortController();
  const generating = generateText({ model: languageModel(model), prompt: "Go", abortSignal: abort.signal, ...endless });
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(generating, { name: "AbortError" });

  const again = new AbortController();
  const kinds: string[] = [];
  const streamed = streamText({ model: languageModel(model), prompt: "Go", abortSignal: again.signal, ...endless });
  for await (const part of streamed.fullStream) {
    kinds.push(part.type);
    if (part.type === "text-delta") {
      again.abort();
    }
  }
  assert.equal(kinds.at(-1), "abort");
  assert.ok(!kinds.includes("error"));
  assert.ok((await generateText({ model: languageModel(model), prompt: "Hello", ...brief })).text);
});

test("a stream that is cancelled stops its request", async () => {
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Go" }] }];
  const { stream } = await languageModel(model).doStream({ prompt, ...endless });
  const reader = stream.getReader();
  while ((await reader.read()).value?.type !== "text-delta") {
    // what comes before the text
  }
  await reader.cancel();
  const own = await model.chat("Hello", { max_tokens: 2 });
  assert.equal(own.usage.completion_tokens, 2);
});

test("what the library refuses is an LLModelError", async () => {
  const wrong = { gpt4all: { temprature: 1 } };
  const call = { model: languageModel(model), prompt: "Hello", providerOptions: wrong, maxRetries: 0 };
  await assert.rejects(generateText(call), InvalidArgumentError);
  let seen: unknown;
  const streamed = streamText({ ...call, onError: ({ error }) => void (seen = error) });
  await streamed.consumeStream();
  assert.ok(seen instanceof InvalidArgumentError);
  const file = { type: "file" as const, data: new Uint8Array(3), mediaType: "application/pdf" };
  const messages = [{ role: "user" as const, content: [file] }];
  await assert.rejects(generateText({ model: languageModel(model), messages, maxRetries: 0 }), UnsupportedError);
});

test("embeddings take settings, and end with the signal's reason", async () => {
  await using bert = await Model.open(committed("tiny-bert"));
  const named = embeddingModel(bert, { dimensions: 4 });
  const { embedding, usage } = await embed({ model: named, value: "one" });
  assert.equal(embedding.length, 4);
  assert.equal(usage.tokens, (await bert.embed("one")).usage.prompt_tokens);
  const again = await embed({ model: named, value: "one", providerOptions: { gpt4all: { dimensions: 8 } } });
  assert.equal(again.embedding.length, 8);
  await assert.rejects(async () => await named.doEmbed({ values: ["one"], abortSignal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});
