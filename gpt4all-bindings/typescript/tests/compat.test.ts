/** The old package's functions. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";

import {
  CancellationError,
  ClosedError,
  createCompletion,
  createCompletionGenerator,
  createCompletionStream,
  createEmbedding,
  DEFAULT_MODEL_CONFIG,
  DEFAULT_PROMPT_CONTEXT,
  downloadModel,
  EmbeddingModel,
  InferenceModel,
  InvalidArgumentError,
  listModels,
  loadModel,
  ModelNotFoundError,
  retrieveModel,
  type CompletionOptions,
} from "gpt4all";

import { committed, TINY } from "./support/places.js";

// The tiny model has a template of its own.
const SHORT = { nPredict: 8, temp: 0, promptTemplate: DEFAULT_MODEL_CONFIG.promptTemplate };

let folder: string;
let model: InferenceModel;
let embedder: EmbeddingModel;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gpt4all-compat-"));
  await copyFile(TINY, join(folder, "tiny.gguf"));
  await copyFile(committed("tiny-bert"), join(folder, "all-MiniLM-L6-v2.gguf"));
  const options = { modelPath: folder, allowDownload: false };
  model = await loadModel("tiny", options);
  embedder = await loadModel("all-MiniLM-L6-v2.gguf", { ...options, type: "embedding" });
});

after(async () => {
  await Promise.all([model.dispose(), embedder.dispose()]);
  await rm(folder, { recursive: true });
});

/** What the model gets for a prompt, in the template of the old package. */
function pattern(prompt: string): string {
  return DEFAULT_MODEL_CONFIG.promptTemplate.replace("%1", prompt);
}

const OLD_SAMPLING = { top_k: 40, top_p: 0.9, min_p: 0, repeat_penalty: 1.18, repeat_last_n: 10 } as const;

test("createCompletion answers as the old package documented", async () => {
  const result = await createCompletion(model, "Hello", SHORT);
  const { text, usage } = await model.llm.complete(pattern("Hello"), {
    max_tokens: 8,
    temperature: 0,
    ...OLD_SAMPLING,
  });
  assert.deepEqual(result, {
    model: "tiny.gguf",
    usage: {
      prompt_tokens: usage.prompt_tokens,
      completion_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
      n_past_tokens: usage.total_tokens,
    },
    choices: [{ message: { role: "assistant", content: text } }],
  });
});

test("the template of the model's file is used, and a promptTemplate before it", async () => {
  const path = join(folder, "models3.json");
  const chatTemplate = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
  await writeFile(path, JSON.stringify([{ filename: "tiny.gguf", chatTemplate }]));
  const other = await loadModel("tiny", { modelPath: folder, modelConfigFile: path, allowDownload: false });
  const seen = async (options: CompletionOptions) => {
    const ids: number[] = [];
    await createCompletion(other, "Hello", { ...SHORT, ...options, onPromptToken: (id) => void ids.push(id) });
    return (await other.llm.detokenize(ids)).replace(/^(<s>)?\s*/, "");
  };
  assert.equal(await seen({ promptTemplate: undefined }), "<user>Hello");
  const own = await createCompletion(other, "Hello", { nPredict: 8, temp: 0 });
  const request = { max_tokens: 8, temperature: 0, ...OLD_SAMPLING };
  assert.equal(own.choices[0].message.content, (await other.llm.chat("Hello", request)).text);
  assert.equal(await seen({ promptTemplate: "Q: %1 A: %2 ." }), "Q: Hello A: ");
  await other.dispose();
});

test("a conversation is an array whose last message is the user's", async () => {
  const asked = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Hi" },
    { role: "user", content: "And?" },
  ] as const;
  const { usage } = await createCompletion(model, [...asked], SHORT);
  const whole = `Be brief.${pattern("Hello")}Hi${pattern("And?")}`;
  assert.equal(usage.prompt_tokens, await model.llm.countTokens(whole));
  const one = await createCompletion(model, [{ role: "user", content: "Hello" }], SHORT);
  assert.deepEqual(one, await createCompletion(model, "Hello", SHORT));
  await assert.rejects(createCompletion(model, asked.slice(0, 3), SHORT), /The final message must be of role 'user'/);
  await assert.rejects(createCompletion(model, "Hello", { nPast: -1 }), InvalidArgumentError);
});

test("callbacks get token ids, and stop by returning false", async () => {
  const prompt: number[] = [];
  const pieces: string[] = [];
  const result = await createCompletion(model, "Hello", {
    ...SHORT,
    nPredict: 100,
    onPromptToken: (id) => void prompt.push(id),
    onResponseToken: (id, token) => {
      assert.ok(Number.isInteger(id) && id >= 0);
      pieces.push(token);
      return pieces.length < 3;
    },
  });
  assert.deepEqual(prompt, await model.llm.tokenize(pattern("Hello"), { add_special: true }));
  assert.equal(pieces.length, 3);
  assert.equal(result.choices[0].message.content, pieces.join(""));
  const none = await createCompletion(model, "Hello", { ...SHORT, onPromptToken: () => false });
  assert.equal(none.choices[0].message.content, "");
  const mine = new TypeError("mine");
  const thrown = createCompletion(model, "Hello", {
    onResponseToken: () => {
      throw mine;
    },
  });
  await assert.rejects(thrown, mine);
});

test("streams, generators and whole answers have the same text", async () => {
  const whole = await createCompletion(model, "Hello", SHORT);
  const { tokens, result } = createCompletionStream(model, "Hello", SHORT);
  assert.equal(await text(tokens), whole.choices[0].message.content);
  assert.deepEqual(await result, whole);
  const generator = createCompletionGenerator(model, "Hello", SHORT);
  let pieces = "";
  let next = await generator.next();
  for (; !next.done; next = await generator.next()) {
    pieces += next.value;
  }
  assert.equal(pieces, whole.choices[0].message.content);
  assert.deepEqual(next.value, whole);
});

test("a request that fails ends its stream, and leaving a generator cancels", { timeout: 60_000 }, async () => {
  const wrong = { promptTemplate: "no placeholder" };
  const { tokens, result } = createCompletionStream(model, "Hello", wrong);
  await assert.rejects(text(tokens), InvalidArgumentError);
  await assert.rejects(result, InvalidArgumentError);
  await assert.rejects(createCompletionGenerator(model, "Hello", wrong).next(), InvalidArgumentError);
  const asked: Promise<unknown>[] = [];
  const watching = {
    modelName: "watched",
    generate: (input: never, options?: CompletionOptions) => {
      const answer = model.generate(input, { ...options, promptTemplate: "%1" });
      asked.push(answer);
      return answer;
    },
  };
  for await (const _ of createCompletionGenerator(watching, "Hello", { nPredict: 100_000, temp: 0 })) {
    break;
  }
  await assert.rejects(asked[0] as Promise<unknown>, CancellationError);
  const signal = AbortSignal.abort();
  await assert.rejects(createCompletion(model, "Hello", { signal }), CancellationError);
});

test("any object that answers is a provider", async () => {
  const provider = {
    modelName: "mine",
    generate: (_: unknown, options?: CompletionOptions) => {
      options?.onResponseToken?.(7, "yes");
      return Promise.resolve({ text: "yes", tokensIngested: 2, tokensGenerated: 1, nPast: 3 });
    },
  };
  const { tokens, result } = createCompletionStream(provider, "Really?");
  assert.equal(await text(tokens), "yes");
  assert.equal((await result).usage.total_tokens, 3);
});

test("a chat session remembers", async () => {
  const session = await model.createChatSession({ systemPrompt: "Be brief.", ...SHORT });
  assert.equal(model.activeChatSession, session);
  assert.ok(session.initialized);
  const [first, second] = await Promise.all([
    createCompletion(session, "My name is Ada."),
    createCompletion(session, "What is my name?"),
  ]);
  assert.deepEqual(
    session.messages.map(({ role }) => role),
    ["user", "assistant", "user", "assistant"],
  );
  const said = first.choices[0].message.content;
  const whole = `Be brief.${pattern("My name is Ada.")}${said}${pattern("What is my name?")}`;
  assert.equal(second.usage.prompt_tokens, await model.llm.countTokens(whole));
  await assert.rejects(session.generate("x", { nPast: second.usage.n_past_tokens + 1 }), InvalidArgumentError);

  const before = session.messages.length;
  const told = await createCompletion(session, [{ role: "assistant", content: "You are Ada." }]);
  assert.equal(told.choices[0].message.content, "");
  await session.generate("Thanks.", { fakeReply: "Welcome." });
  assert.deepEqual(
    session.messages.slice(before).map(({ content }) => content),
    ["You are Ada.", "Thanks.", "Welcome."],
  );
  await assert.rejects(session.generate("x", { promptTemplate: "" }));
  assert.equal(session.messages.length, before + 3);
  assert.ok((await session.initialize()) > 0);
  assert.deepEqual(session.messages, []);
});

test("a session that outgrows the context goes on", async () => {
  const other = await loadModel("tiny", { modelPath: folder, nCtx: 256 });
  const session = await other.createChatSession(SHORT);
  for (let turn = 0; turn < 12; turn++) {
    await session.generate(`This is message number ${turn}, and it is rather long.`);
  }
  assert.equal(session.messages.length, 24);
  await other.dispose();
});

test("embeddings", async () => {
  const one = await createEmbedding(embedder, "A cat sleeps.");
  assert.ok(one.embeddings instanceof Float32Array);
  const many = await createEmbedding(embedder, ["A cat sleeps.", "Rates rose.", ""]);
  assert.equal(many.embeddings.length, 3);
  assert.deepEqual(
    Array.from(many.embeddings[0] as Float32Array, (x) => x.toFixed(4)),
    Array.from(one.embeddings, (x) => x.toFixed(4)),
  );
  const direct = await embedder.llm.embed("A cat sleeps.");
  assert.deepEqual(
    Array.from(direct.vectors[0] as Float32Array, (x) => x.toFixed(4)),
    Array.from(one.embeddings, (x) => x.toFixed(4)),
  );
  assert.equal(one.n_prompt_tokens, (await embedder.llm.tokenize("A cat sleeps.")).length);
  const long = "word ".repeat(2000);
  const [mean, cut] = await Promise.all([
    createEmbedding(embedder, long),
    createEmbedding(embedder, long, { longTextMode: "truncate" }),
  ]);
  assert.ok(mean.n_prompt_tokens > cut.n_prompt_tokens);
  const norm = Math.hypot(...mean.embeddings);
  assert.ok(Math.abs(norm - 1) < 1e-3, String(norm));
  for (const wrong of [{ dimensionality: 0 }, { dimensionality: 1e6 }, { longTextMode: "x" }, { prefix: "x" }]) {
    await assert.rejects(createEmbedding(embedder, "x", wrong as object), InvalidArgumentError, JSON.stringify(wrong));
  }
  await assert.rejects(createEmbedding(embedder, []), InvalidArgumentError);
});

test("the list of models", async () => {
  const list = await listModels();
  const row = list.find(({ filename }) => filename === "Meta-Llama-3-8B-Instruct.Q4_0.gguf");
  assert.ok(row?.name && Number(row.filesize) > 1e9 && row.promptTemplate.includes("%1"));
  const file = join(folder, "list.json");
  await writeFile(file, JSON.stringify([{ filename: "mine.gguf" }]));
  assert.deepEqual(await listModels({ file }), [{ filename: "mine.gguf" }]);
  await writeFile(file, "{}");
  await assert.rejects(listModels({ file }), InvalidArgumentError);
  assert.deepEqual(DEFAULT_PROMPT_CONTEXT.repeatPenalty, 1.18);
});

test("models are found, or not", async () => {
  const config = await retrieveModel("tiny", { modelPath: folder, allowDownload: false });
  assert.equal(config.path, join(folder, "tiny.gguf"));
  assert.equal(config.promptTemplate, DEFAULT_MODEL_CONFIG.promptTemplate);
  const missing = { modelPath: join(folder, "made"), allowDownload: false };
  await assert.rejects(retrieveModel("nothing-of-the-kind", missing), ModelNotFoundError);
  await assert.rejects(loadModel("tiny", { modelPath: folder, type: "other" as never }), /Invalid model type: other/);
});

test("downloads have a promise, can be cancelled, and are checked", async () => {
  const data = await readFile(TINY);
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-length": data.length });
    response.write(data.subarray(0, 100));
    if (request.url !== "/slow") {
      response.end(data.subarray(100));
    }
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${place}/model.gguf`;
  const md5sum = createHash("md5").update(data).digest("hex");
  try {
    const options = { modelPath: folder, url, md5sum };
    const path = await downloadModel("fetched", options).promise;
    assert.equal(path, join(folder, "fetched.gguf"));
    assert.deepEqual(await readFile(path), data);
    assert.throws(() => downloadModel("fetched", options), /Model already exists at/);
    const wrong = downloadModel("other", { ...options, md5sum: "0".repeat(32) });
    await assert.rejects(wrong.promise, (error: { kind?: string }) => error.kind === "checksum");
    const slow = downloadModel("slow", { ...options, url: `${place}/slow` });
    setTimeout(() => slow.cancel(), 200);
    await assert.rejects(slow.promise, CancellationError);

    const list = join(folder, "with-url.json");
    await writeFile(list, JSON.stringify([{ filename: "listed.gguf", url, md5sum }]));
    const config = await retrieveModel("listed", { modelPath: folder, modelConfigFile: list });
    assert.equal(config.path, join(folder, "listed.gguf"));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a GPU that is not there is not missed, and a disposed model says so", async (t) => {
  const warn = t.mock.method(console, "warn", () => undefined);
  const other = await loadModel("tiny", { modelPath: folder, device: "no such GPU" });
  assert.equal(warn.mock.callCount(), 1);
  await Promise.all([other.dispose(), other.dispose()]);
  await assert.rejects(createCompletion(other, "Hello"), ClosedError);
});
