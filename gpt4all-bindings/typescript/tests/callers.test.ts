/** What callers do with their own objects and functions while a request runs. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import { CancellationError, InvalidArgumentError, Model, Session, SessionBusyError, setLog, tool } from "gpt4all";
import { z } from "zod";

import { PACKAGE, TINY, TOOLS_TEMPLATE } from "./support/places.js";

const SHORT = { max_tokens: 4, temperature: 0 } as const;
const LOST = "the session continues without its saved state: ";

let folder: string;
let model: Model;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gpt4all-callers-"));
  model = await Model.open(TINY, { n_ctx: 512, chat_template: TOOLS_TEMPLATE });
});

after(async () => {
  await model.close();
  await rm(folder, { recursive: true });
});

test("a request is what its objects held as it was made", async () => {
  const messages = [{ role: "user" as const, content: "a" }];
  const options: { max_tokens: number } = { max_tokens: 1 };
  const answers = [model.chat(messages, options), model.runTools(messages, [], options)];
  const counted = model.countTokens(messages);
  messages[0] = { role: "user", content: "a much longer text than the one before it" };
  messages.push({ role: "user", content: "and another" });
  options.max_tokens = 7;
  const expected = await model.chat("a", { max_tokens: 1 });
  for (const answer of await Promise.all(answers)) {
    const { usage } = "answer" in answer ? answer.answer : answer;
    assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [expected.usage.prompt_tokens, 1]);
  }
  assert.equal(await counted, expected.usage.prompt_tokens);
});

test("a batch of scores gives each input its own", async () => {
  const inputs = [
    { context: "the", continuations: [" cat"] },
    { context: "hello", continuations: [" world", " cat and"] },
  ];
  const { results, raw } = await model.scoreBatch(inputs, { logprob_rows: "continuation" });
  const alone = await model.score("hello", [" world", " cat and"], { logprob_rows: "continuation" });
  assert.deepEqual(results[1]?.contextTokens, alone.contextTokens);
  assert.deepEqual(
    results[1]?.scores.map(({ tokens }) => tokens),
    alone.scores.map(({ tokens }) => tokens),
  );
  assert.ok(Math.abs((results[1]?.scores[1]?.logprob ?? 0) - (alone.scores[1]?.logprob ?? 1)) < 0.05);
  assert.equal(results[1]?.rows.length, alone.rows.length);
  assert.equal(results[0]?.rows[0]?.logprobs.length, raw.n_vocab);
});

test("a session is busy from the moment that it is asked", async () => {
  const session = new Session(model, SHORT);
  const answer = session.chat("Hello");
  assert.ok(session.busy);
  assert.throws(() => session.undo(), SessionBusyError);
  await assert.rejects(session.save(join(folder, "busy.json")), SessionBusyError);
  await answer;
  assert.ok(!session.busy);
  assert.equal(session.messages.length, 2);
});

/** What is told while something runs. */
async function warnings(run: () => Promise<unknown>): Promise<string[]> {
  const told: string[] = [];
  setLog((level, message) => told.push(`${level} ${message}`));
  try {
    await run();
    await sleep(50); // messages come later
  } finally {
    setLog(null);
  }
  return told;
}

test("a saved state that does not fit is warned of", async () => {
  const path = join(folder, "session.json");
  const session = new Session(model, SHORT);
  await session.chat("One");
  await session.save(path, { state: true });
  assert.deepEqual(await warnings(() => Session.load(path, model)), []);
  await writeFile(`${path}.state`, "spoilt");
  const spoilt = await warnings(() => Session.load(path, model));
  assert.ok(spoilt.at(-1)?.startsWith(`warn ${LOST}`), spoilt.join("\n"));
  await rm(`${path}.state`);
  const gone = await warnings(() => Session.load(path, model));
  assert.ok(gone.at(-1)?.startsWith(`warn ${LOST}`), gone.join("\n"));
});

test("a tool that fails is warned of", async () => {
  const failing = tool({
    name: "add",
    description: "Adds one",
    parameters: z.object({ digit: z.enum(["1", "2"]) }),
    execute: () => {
      throw new RangeError("too much");
    },
  });
  const options = { tool_choice: "required", max_tokens: 200, temperature: 0, maxRounds: 2 } as const;
  const told = await warnings(() => model.runTools("Add", [failing], options).catch(() => undefined));
  assert.ok(
    told.some((each) => /^warn the tool add\(\{.*\}\) failed: RangeError: too much$/.test(each)),
    told.join("\n"),
  );
});

test("whatever a tool throws or returns, the run goes on", async () => {
  const thrown = [null, "text", Object.create(null), Symbol("s"), new Proxy({}, { get: () => assert.fail() })];
  const returned = [10n, () => 1, Symbol("s"), "\ud800", { toJSON: () => undefined }];
  const executes = [
    ...thrown.map((error) => () => {
      throw error;
    }),
    ...returned.map((value) => () => value),
  ];
  for (const execute of executes) {
    const odd = tool({
      name: "add",
      description: "Adds",
      parameters: z.object({ digit: z.enum(["1", "2"]) }),
      execute,
    });
    const options = { tool_choice: "required", max_tokens: 200, temperature: 0, maxRounds: 2 } as const;
    const { calls } = await model.runTools("Add", [odd], options);
    assert.match(calls[0]?.content ?? "", /^\{"error":".+"\}$/);
    assert.ok("error" in (calls[0] as object) && !("value" in (calls[0] as object)));
  }
});

test("many requests share a signal, and nothing is printed", async () => {
  const code = `
    const { Model } = require("gpt4all");
    const { signal } = new AbortController();
    Model.open(${JSON.stringify(TINY)}, { n_ctx: 512 }).then(async (model) => {
      const options = { max_tokens: 1, signal };
      await Promise.all(Array.from({ length: 20 }, () => model.chat("a", options)));
      await Promise.all(Array.from({ length: 20 }, () => model.runTools("a", [], options)));
      console.log(require("node:events").getEventListeners(signal, "abort").length);
    });`;
  const run = await promisify(execFile)(process.execPath, ["-e", code], { cwd: PACKAGE, timeout: 60_000 });
  assert.deepEqual(run, { stdout: "0\n", stderr: "" });
});

test("events that nobody looked at are left, too", async () => {
  const stream = model.chat("Hello", { max_tokens: 400, ignore_eos: true, stream: true });
  await stream.events().return(undefined);
  await assert.rejects(stream.result, CancellationError);
});

test("what is no level and no function is refused", () => {
  assert.throws(() => setLog(() => undefined, "loud" as "warn"), InvalidArgumentError);
  assert.throws(() => setLog(5 as unknown as () => void), InvalidArgumentError);
  assert.throws(() => setLog(() => undefined, null as unknown as "warn"), InvalidArgumentError);
});

test("what a listener throws is uncaught, and fails no request", async () => {
  const code = `
    const { Model, Session, setLog } = require("gpt4all");
    const told = [];
    process.on("uncaughtException", (error) => told.push(error.message));
    Model.open(${JSON.stringify(TINY)}, { n_ctx: 512 }).then(async (model) => {
      const path = ${JSON.stringify(join(folder, "thrown.json"))};
      const session = new Session(model, { max_tokens: 2 });
      await session.chat("One");
      await session.save(path, { state: true });
      require("node:fs").writeFileSync(path + ".state", "spoilt");
      setLog((level, message) => { throw new Error(message); });
      const loaded = await Session.load(path, model);
      setTimeout(() => console.log(JSON.stringify([loaded.messages.length, told.at(-1)])), 50);
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", code], { cwd: PACKAGE, timeout: 60_000 });
  const [count, last] = JSON.parse(stdout) as [number, string];
  assert.equal(count, 2);
  assert.ok(last.startsWith(LOST), last);
});

test(
  "a worker that is ended while it opens models leaves none open",
  { skip: process.platform !== "linux", timeout: 120_000 },
  async () => {
    const copy = join(folder, "copy.gguf");
    await copyFile(TINY, copy);
    const mapped = async () =>
      (await readFile("/proc/self/maps", "utf8")).split("\n").filter((line) => line.includes(copy));
    const opened = await Model.open(copy, { n_ctx: 64 });
    assert.ok((await mapped()).length > 0);
    await opened.close();
    // One is open before the worker can know of it, since it looks at nothing; the others are being opened.
    const code = `
      const { Model } = require("gpt4all");
      Model.open(${JSON.stringify(copy)}, { n_ctx: 64 });
      const end = Date.now() + 500;
      while (Date.now() < end);
      for (let i = 0; i < 4; i++) Model.open(${JSON.stringify(copy)}, { n_ctx: 64 });
      process.exit();`;
    for (let time = 0; time < 3; time++) {
      await new Promise((resolve) => new Worker(code, { eval: true }).once("exit", resolve));
    }
    assert.deepEqual(await mapped(), []);
  },
);
