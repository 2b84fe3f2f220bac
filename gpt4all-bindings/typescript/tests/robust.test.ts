/** What crashes, hangs or leaks in other bindings. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import {
  CancellationError,
  ClosedError,
  ContextOverflowError,
  GrammarError,
  InvalidArgumentError,
  Model,
  ResponseFormatError,
  Session,
  SessionBusyError,
  tool,
} from "gpt4all";
import { z } from "zod";

import { PACKAGE, TINY, TOOLS_TEMPLATE } from "./support/places.js";

const LONG = { max_tokens: 100_000, ignore_eos: true, temperature: 0 } as const;
const OPEN = { n_ctx: 4096, n_parallel: 4, chat_template: TOOLS_TEMPLATE };

let model: Model;

before(async () => (model = await Model.open(TINY, OPEN)));
after(async () => await model.close());

test("break cancels, and the model answers again", async () => {
  const stream = model.complete("Hello", { ...LONG, stream: true });
  for await (const _ of stream) {
    break;
  }
  await assert.rejects(stream.result, CancellationError);
  assert.ok((await model.complete("Hello", { max_tokens: 4 })).text);
});

test("what is no signal is refused before anything begins", async () => {
  for (const wrong of [5, "now", {}, { aborted: true }]) {
    const signal = wrong as unknown as AbortSignal;
    const refused = { name: "InvalidArgumentError", message: /is not an AbortSignal/ };
    await assert.rejects(model.complete("a", { max_tokens: 2, signal }), refused);
    assert.throws(() => model.complete("a", { max_tokens: 2, signal, stream: true }), refused);
    await assert.rejects(model.runTools("a", [], { max_tokens: 2, signal }), refused);
    await assert.rejects(Model.open(TINY, { signal }), refused);
  }
  const none = null as unknown as AbortSignal;
  assert.ok(await model.complete("a", { max_tokens: 2, signal: none }));
});

test("an exception in the consumer's loop cancels", async () => {
  const stream = model.complete("Hello", { ...LONG, stream: true });
  const consume = async () => {
    for await (const _ of stream) {
      throw new TypeError("mine");
    }
  };
  await assert.rejects(consume, TypeError);
  await assert.rejects(stream.result, CancellationError);
});

test("the result comes whether or not one iterates", async () => {
  const stream = model.complete("Hello", { max_tokens: 8, temperature: 0, stream: true });
  const { text } = await stream.result;
  let pieces = "";
  for await (const piece of stream) {
    pieces += piece;
  }
  assert.equal(pieces, text);
  assert.equal(stream.text, text);
});

test("a signal cancels a stream, a promise and a request that has not begun", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const promise = model.complete("Hello", { ...LONG, signal: controller.signal });
  const stream = model.complete("Hello", { ...LONG, stream: true, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  const isCancelled = (error: unknown) => error instanceof CancellationError && error.cause === reason;
  await assert.rejects(promise, isCancelled);
  await assert.rejects(stream.result, isCancelled);
  await assert.rejects(model.complete("Hello", { signal: AbortSignal.abort(reason) }), isCancelled);
});

test("a prompt that is being processed can be cancelled", async () => {
  const controller = new AbortController();
  const other = await Model.open(TINY, { n_ctx: 32768, n_batch: 32 });
  const promise = other.complete("word ".repeat(8000), { max_tokens: 1, signal: controller.signal });
  setTimeout(() => controller.abort(), 10);
  await assert.rejects(promise);
  await other.close();
});

test("closing while it generates, twice, and using it afterwards", async () => {
  const other = await Model.open(TINY, OPEN);
  const stream = other.complete("Hello", { ...LONG, stream: true });
  await stream.next();
  const [first, second] = [other.close(), other.close()];
  await assert.rejects(stream.result, CancellationError);
  await Promise.all([first, second, other.close()]);
  await assert.rejects(other.complete("Hello"), ClosedError);
  assert.throws(() => other.submit("complete", { prompt: "Hello" }), ClosedError);
});

test("a using block closes a model", async () => {
  const other = await Model.open(TINY);
  await other[Symbol.asyncDispose]();
  assert.ok(other.closed);
});

test("sixteen requests at once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => model.complete("Hello", { max_tokens: 8, temperature: 0 })),
  );
  assert.equal(new Set(answers.map((each) => each.text)).size, 1);
});

test("neither the event loop nor libuv's pool waits for generations", async () => {
  const streams = Array.from({ length: 4 }, () => model.complete("Hello", { ...LONG, stream: true }));
  const times: number[] = [];
  for (let i = 0; i < 20; ++i) {
    const began = performance.now();
    await readFile(__filename);
    times.push(performance.now() - began);
  }
  streams.forEach((stream) => stream.close());
  times.sort((a, b) => a - b);
  assert.ok((times[10] as number) < 1000, `the median read took ${times[10]} ms`);
});

test("an embedded NUL, a lone surrogate and odd values", async () => {
  assert.deepEqual(await model.detokenize(await model.tokenize("a\0b")), "a\0b");
  await assert.rejects(model.complete("\ud800"), InvalidArgumentError);
  await assert.rejects(model.complete("Hello", { temperature: NaN }), InvalidArgumentError);
  await assert.rejects(Model.open("a\0b"), InvalidArgumentError);
});

test("a prompt of a megabyte is refused", async () => {
  await assert.rejects(model.complete("word ".repeat(200_000)), ContextOverflowError);
});

test("a stream that is open does not keep a program that exits", async () => {
  const code = `
    const { Model } = require("gpt4all");
    Model.open(${JSON.stringify(TINY)}).then(async (model) => {
      const stream = model.complete("Hello", { max_tokens: 100000, ignore_eos: true, stream: true });
      await stream.next();
      process.exit(7);
    });`;
  const run = promisify(execFile)(process.execPath, ["-e", code], { cwd: PACKAGE, timeout: 60_000 });
  await assert.rejects(run, (error: { code?: unknown }) => error.code === 7);
});

test("workers have models of their own, and may be ended while they generate", async () => {
  const code = `
    const { parentPort } = require("node:worker_threads");
    const { Model } = require("gpt4all");
    Model.open(${JSON.stringify(TINY)}).then(async (model) => {
      const stream = model.complete("Hello", { max_tokens: 100000, ignore_eos: true, stream: true });
      for await (const piece of stream) parentPort.postMessage(piece);
    });`;
  const workers = [1, 2].map(() => new Worker(code, { eval: true }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.ok((await model.complete("Hello", { max_tokens: 2 })).text);
});

test("threads outlive the workers that brought the addon", async () => {
  const code = `
    const { Worker } = require("node:worker_threads");
    const inner = 'require("gpt4all").Model.open(${JSON.stringify(TINY)}).then(async (model) => {' +
      'const stream = model.complete("Hello", { max_tokens: 100000, ignore_eos: true, stream: true });' +
      'await stream.next(); require("node:worker_threads").parentPort.postMessage(1); });';
    (async () => {
      for (let i = 0; i < 3; ++i) {
        const worker = new Worker(inner, { eval: true });
        await new Promise((resolve) => worker.once("message", resolve));
        await worker.terminate();
      }
      setTimeout(() => undefined, 6000); // longer than threads wait for more work
    })();`;
  await promisify(execFile)(process.execPath, ["-e", code], { cwd: PACKAGE, timeout: 120_000 });
});

test("a session gives one answer at a time, and forgets what was left", async () => {
  const session = new Session(model, { max_tokens: 100_000, ignore_eos: true });
  const stream = session.chat("Hello", { stream: true });
  await assert.rejects(session.chat("Again"), SessionBusyError);
  await stream.next();
  stream.close();
  await assert.rejects(stream.result, CancellationError);
  assert.deepEqual(session.messages, []);
  assert.ok((await session.chat("Hello", { max_tokens: 3 })).text);
  assert.deepEqual(
    Array.from(session.messages, (message: { role: string }) => message.role),
    ["user", "assistant"],
  );
});

test("answers are objects of a zod schema", async () => {
  const schema = z.object({ ok: z.boolean() });
  const answer = await model.chat("Say yes", { response_format: schema, max_tokens: 200, temperature: 0 });
  const { ok }: { ok: boolean } = answer.parsed;
  assert.equal(typeof ok, "boolean");
});

test("answers that are not strict are checked", async () => {
  const list = (second: number) => ({
    type: "array",
    items: { enum: [3, 4] },
    minItems: 1,
    maxItems: 1,
    allOf: [{ contains: { const: 3 } }, { contains: { const: second } }],
  });
  const ask = (second: number) =>
    model.chat("A list", { response_format: list(second), strict: false, max_tokens: 100, temperature: 0 });
  await assert.rejects(model.chat("A list", { response_format: list(3), max_tokens: 100 }), GrammarError);
  const right = await ask(3);
  assert.deepEqual([right.parsed, right.valid, right.invalid], [[3], true, undefined]);
  const wrong = await ask(4);
  assert.equal(wrong.valid, false);
  assert.equal(wrong.invalid?.keyword, "contains");
  assert.throws(
    () => wrong.parsed,
    (error: ResponseFormatError) => error instanceof ResponseFormatError && error.detail["invalid"] === wrong.invalid,
  );
});

test("tools are called with what their schema gives", async () => {
  const seen: number[] = [];
  const add = tool({
    name: "add",
    description: "Adds one",
    parameters: z.object({ digit: z.enum(["1", "2"]).transform(Number) }),
    execute: ({ digit }) => {
      seen.push(digit);
      return digit + 1;
    },
  });
  const run = model.runTools("Add", [add], { tool_choice: "required", max_tokens: 200, temperature: 0, maxRounds: 2 });
  await run.catch((error: unknown) => assert.equal((error as Error).name, "ToolRoundsError"));
  assert.ok(seen.every((digit) => digit === 1 || digit === 2) && seen.length >= 1);
  assert.deepEqual([await add.call('{"digit": "1"}'), await add.call({ digit: "2" })], [2, 3]);
  for (const wrong of ['{"digit": "3"}', "{}", "[]", "null", "{", { digit: 1 }]) {
    await assert.rejects(async () => await add.call(wrong), `${JSON.stringify(wrong)} was taken`);
  }
});

test("opening, closing and generating do not leak", { timeout: 300_000 }, async () => {
  const generate = async (count: number) => {
    for (let i = 0; i < count; ++i) {
      await model.complete("Hello", { max_tokens: 2 });
    }
  };
  const open = async (count: number) => {
    for (let i = 0; i < count; ++i) {
      await (await Model.open(TINY, { n_ctx: 256 })).close();
    }
  };
  await open(40);
  await generate(400);
  const before = process.memoryUsage().rss;
  await open(200);
  await generate(2000);
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 48, `${grown.toFixed(1)} MiB more`);
});
