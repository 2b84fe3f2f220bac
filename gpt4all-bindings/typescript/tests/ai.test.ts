/** The provider, with the Vercel AI SDK itself. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { embedMany, generateText, Output, streamText, tool } from "ai";
import { Model } from "gpt4all";
import { embeddingModel, languageModel } from "gpt4all/ai";
import { z } from "zod";

import { committed, TINY, TOOLS_TEMPLATE } from "./support/places.js";

let model: Model;

before(async () => (model = await Model.open(TINY, { n_ctx: 2048, chat_template: TOOLS_TEMPLATE })));
after(async () => await model.close());

test("generateText gives what chat gives", async () => {
  const { text, usage, finishReason } = await generateText({
    model: languageModel(model),
    prompt: "Hello",
    maxOutputTokens: 12,
    temperature: 0,
  });
  const answer = await model.chat("Hello", { max_tokens: 12, temperature: 0 });
  assert.equal(text, answer.text);
  assert.equal(finishReason, answer.finishReason);
  assert.equal(usage.outputTokens, answer.usage.completion_tokens);
});

test("streamText streams it, and can be aborted", async () => {
  const answer = await model.chat("Hello", { max_tokens: 12, temperature: 0 });
  const asked = { model: languageModel(model), prompt: "Hello", temperature: 0 };
  let text = "";
  for await (const piece of streamText({ ...asked, maxOutputTokens: 12 }).textStream) {
    text += piece;
  }
  assert.equal(text, answer.text);
  const controller = new AbortController();
  const long = streamText({
    ...asked,
    maxOutputTokens: 100_000,
    abortSignal: controller.signal,
    onError: () => undefined,
  });
  setTimeout(() => controller.abort(), 50);
  for await (const _ of long.textStream) {
    // until it is aborted
  }
});

test("tools are called, and objects come by their schema", async () => {
  const seen: unknown[] = [];
  const digit = tool({
    description: "Takes a digit",
    inputSchema: z.object({ digit: z.enum(["1", "2"]) }),
    execute: (input) => {
      seen.push(input);
      return "done";
    },
  });
  const asked = { model: languageModel(model), prompt: "Go", temperature: 0, maxOutputTokens: 200 };
  await generateText({ ...asked, tools: { digit }, toolChoice: "required" });
  assert.ok(seen.length >= 1);
  const output = Output.object({ schema: z.object({ ok: z.boolean() }) });
  const result = await generateText({ ...asked, output });
  assert.equal(typeof result.output.ok, "boolean");
});

test("embedMany gives what embed gives", async () => {
  const bert = await Model.open(committed("tiny-bert"));
  const { embeddings } = await embedMany({ model: embeddingModel(bert), values: ["one", "two"] });
  const { vectors } = await bert.embed(["one", "two"]);
  assert.deepEqual(
    embeddings,
    vectors.map((vector) => Array.from(vector)),
  );
  await bert.close();
});
