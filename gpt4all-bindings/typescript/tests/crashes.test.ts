/** What crashes or stalls whole processes, each in a process of its own; and texts that break others. */

import assert from "node:assert/strict";
import { execFile, fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { ContextOverflowError, Model } from "gpt4all";

import { PACKAGE, TINY } from "./support/places.js";

const LONG = "{ max_tokens: 100000, ignore_eos: true, temperature: 0, stream: true }";
const PRELUDE = `
  const { Model } = require(${JSON.stringify(PACKAGE)});
  const TINY = ${JSON.stringify(TINY)};
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const collect = async () => { for (let i = 0; i < 10; i++) { gc(); await pause(20); } };`;

let model: Model;

before(async () => (model = await Model.open(TINY, { n_ctx: 1024 })));
after(async () => await model.close());

/** Runs a program, which has to end by itself with the status 0; returns what it prints. */
async function run(body: string, flags: string[] = [], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const program = `${PRELUDE}
    (async () => { ${body} })().catch((error) => { console.error(error); process.exit(1); });`;
  const options = { cwd: PACKAGE, timeout: 120_000, env: { ...process.env, ...variables } };
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "-e", program], options);
  return stdout;
}

test("a model that is collected before its stream", async () => {
  const printed = await run(
    `const begin = async () => (await Model.open(TINY, { n_ctx: 2048 })).complete("Hello", ${LONG});
     const stream = await begin();
     await stream.next();
     await collect();
     for (let i = 0; i < 5; i++) process.stdout.write((await stream.next()).done ? "ended" : ".");
     stream.close();
     await collect();`,
    ["--expose-gc"],
  );
  assert.equal(printed, ".....");
});

// Each of the streams would take a second or so, one after another.
test("streams that are collected before their model are cancelled", async () => {
  const printed = await run(
    `const model = await Model.open(TINY, { n_parallel: 1, threads: 1 });
     const begin = async () => {
       const streams = Array.from({ length: 40 }, () => model.complete("Hello", ${LONG}));
       await streams[0].next();
     };
     await begin();
     const answer = model.complete("Hello", { max_tokens: 2 }).then(() => "answered");
     await collect();
     process.stdout.write(await Promise.race([answer, pause(10000)]) ?? "late");
     process.exit();`,
    ["--expose-gc"],
  );
  assert.equal(printed, "answered");
});

test("models and streams that are collected together", async () => {
  const printed = await run(
    `const begin = async () => { await (await Model.open(TINY)).complete("Hello", ${LONG}).next(); };
     for (let i = 0; i < 5; i++) { await begin(); await collect(); }
     await Promise.all([begin(), begin(), begin()]);
     await collect();
     process.stdout.write("alive");`,
    ["--expose-gc"],
  );
  assert.equal(printed, "alive");
});

test("a process that is forked while its parent generates", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "gpt4all-fork-"));
  const path = join(folder, "child.js");
  await writeFile(
    path,
    `${PRELUDE}
     process.once("message", async (prompt) => {
       const model = await Model.open(TINY, { n_ctx: 1024 });
       const { text } = await model.complete(prompt, { max_tokens: 8, temperature: 0 });
       await model.close();
       process.send(text, () => process.disconnect());
     });`,
  );
  const stream = model.complete("Hello", { max_tokens: 800, ignore_eos: true, temperature: 0, stream: true });
  await stream.next();
  const answers = await Promise.all(
    [1, 2].map(async () => {
      const child = fork(path);
      const ended = new Promise<unknown>((resolve) => child.once("exit", (...how) => resolve(how)));
      const answered = new Promise<unknown>((resolve) => child.once("message", resolve));
      child.send("Hello");
      const text = await Promise.race([answered, ended]);
      assert.deepEqual(await ended, [0, null]);
      return text;
    }),
  );
  const { text } = await model.complete("Hello", { max_tokens: 8, temperature: 0 });
  assert.deepEqual(answers, [text, text]);
  stream.close();
  await rm(folder, { recursive: true });
});

test("files are read while requests wait, though libuv has one thread", async () => {
  const printed = await run(
    `const { readFile } = require("node:fs/promises");
     const model = await Model.open(TINY, { n_parallel: 1, threads: 1 });
     const streams = Array.from({ length: 16 }, () => model.complete("Hello", ${LONG}));
     const ended = new Set();
     streams.forEach((stream) => stream.result.then(() => ended.add(stream), () => undefined));
     await streams[0].next(); // the others wait for it, and would have all threads
     for (let i = 0; i < 10; i++) await readFile(TINY);
     process.stdout.write(ended.size < streams.length ? "while they wait" : "when all had ended");
     streams.forEach((stream) => stream.close());
     await model.close();`,
    [],
    { UV_THREADPOOL_SIZE: "1" },
  );
  assert.equal(printed, "while they wait");
});

test("characters that are split over tokens come whole", async () => {
  const characters = "😀é漢👩‍🚀";
  const stream = model.complete("Hello", {
    grammar: `root ::= "${characters}"`,
    max_tokens: 100,
    temperature: 0,
    stream: true,
  });
  const pieces: string[] = [];
  for await (const piece of stream) {
    assert.ok(piece.isWellFormed() && !piece.includes("\ufffd"), JSON.stringify(piece));
    pieces.push(piece);
  }
  assert.equal(pieces.join(""), characters);
  const { usage } = await stream.result;
  assert.ok((usage.completion_tokens ?? 0) > pieces.length, "no character was split");
});

test("NUL characters in prompts and messages are characters", async () => {
  const asked = "a\0b";
  assert.ok((await model.countTokens(asked)) > (await model.countTokens("a")));
  const prompt = await model.applyTemplate([{ role: "user", content: asked }]);
  assert.ok(prompt.includes(asked));
  for (const answer of [model.complete(asked, { max_tokens: 2 }), model.chat(asked, { max_tokens: 2 })]) {
    assert.ok((await answer).usage.prompt_tokens > 0);
  }
});

test("a prompt of a megabyte is read, and refused at once where there is no room", { timeout: 60_000 }, async () => {
  const prompt = "word ".repeat(210_000);
  const tokens = await model.tokenize(prompt);
  assert.ok(tokens.length > 200_000);
  assert.equal((await model.detokenize(tokens)).trim(), prompt.trim());
  const overflows = (error: unknown) => error instanceof ContextOverflowError && error.message.includes("1024");
  await assert.rejects(model.complete(prompt, { max_tokens: 1 }), overflows);
  await assert.rejects(model.chat(prompt, { max_tokens: 1, stream: true }).result, overflows);
  assert.ok((await model.complete("Hello", { max_tokens: 2 })).text);
});
