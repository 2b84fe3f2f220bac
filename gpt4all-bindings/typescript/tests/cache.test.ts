/** Managing what was downloaded. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { InvalidArgumentError, ModelNotFoundError, models } from "gpt4all";

import { PACKAGE, TINY } from "./support/places.js";

let folder: string;
const VARIABLES = ["GPT4ALL_CACHE", "HOME", "USERPROFILE"]; // older releases kept models below the latter
const saved = VARIABLES.map((name) => process.env[name]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gpt4all-cache-"));
  VARIABLES.forEach((name) => (process.env[name] = folder));
});

afterEach(async () => {
  VARIABLES.forEach((name, place) => {
    const value = saved[place];
    if (value === undefined) {
      delete process.env[name];
    } else {
      process.env[name] = value;
    }
  });
  await rm(folder, { recursive: true });
});

/** A file in a folder that is made; old: whether it was last touched a month ago. */
async function put(path: string, content: string, old = false): Promise<string> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
  if (old) {
    const then = Date.now() / 1000 - 30 * 24 * 3600;
    await utimes(path, then, then);
  }
  return path;
}

/** A model as a download leaves it. */
async function downloaded(top: string, name: string): Promise<string> {
  const path = join(top, name);
  await mkdir(join(path, ".."), { recursive: true });
  await copyFile(TINY, path);
  const data = await readFile(path);
  const sha256 = createHash("sha256").update(data).digest("hex");
  const state = join(path, "..", ".gpt4all", path.split("/").at(-1) as string);
  await put(`${state}.json`, JSON.stringify({ size: data.length, sha256, source: "https://a.b/c", downloaded: 1 }));
  await put(`${state}.lock`, "");
  return path;
}

test("models are listed, with what is known of them", async () => {
  const top = join(folder, "models");
  const path = await downloaded(top, "hf/owner/repo/b.gguf");
  await put(join(top, "A.bin"), "a");
  await put(join(top, "notes.txt"), "no model");
  await put(join(top, "other", "x.gguf"), "no place for models");
  const list = await models.listCached();
  assert.deepEqual(
    list.map(({ name, size }) => [name, size]),
    [
      ["A.bin", 1],
      ["hf/owner/repo/b.gguf", (await stat(path)).size],
    ],
  );
  assert.deepEqual([list[0]?.sha256, list[0]?.source], [undefined, undefined]);
  assert.equal(list[1]?.source, "https://a.b/c");
  assert.equal((await models.listCached({ folder: join(top, "hf") })).length, 0);
  assert.deepEqual(await models.listCached({ folder: join(folder, "missing") }), []);
});

test("a file is verified by its record", async () => {
  const path = await downloaded(join(folder, "models"), "b.gguf");
  const seen: string[] = [];
  const good = await models.verify("b", { onProgress: ({ phase }) => void seen.push(phase) });
  assert.deepEqual([good.ok, good.algorithm, good.found, good.path], [true, "sha256", good.expected, path]);
  assert.ok(seen.includes("verifying"));
  await writeFile(path, "damaged");
  assert.equal((await models.verify("b")).ok, false);
  const unknown = await put(join(folder, "models", "c.gguf"), "c");
  assert.equal((await models.verify(unknown)).ok, undefined);
  await assert.rejects(models.verify("nothing"), ModelNotFoundError);
});

test("a model is removed with all that belongs to it", async () => {
  const top = join(folder, "models");
  const parts = [1, 2].map((n) => downloaded(top, `m-0000${n}-of-00002.gguf`));
  const paths = await Promise.all(parts);
  assert.deepEqual(await models.remove("m-00001-of-00002.gguf"), paths);
  assert.deepEqual(await readdir(join(top, ".gpt4all")), []);
  await assert.rejects(models.remove("m-00001-of-00002.gguf"), ModelNotFoundError);
  const outside = await mkdtemp(join(tmpdir(), "gpt4all-outside-"));
  const own = await put(join(outside, "own.gguf"), "mine");
  await assert.rejects(models.remove(own), InvalidArgumentError);
  assert.equal(await readFile(own, "utf8"), "mine");
  assert.deepEqual(await models.remove("own", { folder: outside }), [own]);
  await rm(outside, { recursive: true });
});

test("a model that is being downloaded stays, and so does what is left of it", async () => {
  const top = join(folder, "models");
  const path = await downloaded(top, "b.gguf");
  const lock = join(top, ".gpt4all", "b.gguf.lock");
  const part = await put(join(top, ".gpt4all", "b.gguf.part"), "partial", true);
  await put(lock, "", true);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the addon, whose lock is another's to the package
  const addon = require(join(PACKAGE, "build", "Release", "gpt4all.node")) as {
    lockFile(path: string): number | null;
    unlockFile(descriptor: number): void;
  };
  const held = addon.lockFile(lock) as number;
  await assert.rejects(models.remove("b"), models.DownloadError);
  assert.deepEqual((await models.prune()).paths, []);
  addon.unlockFile(held);
  assert.deepEqual((await models.prune()).paths.sort(), [lock, part]);
  assert.deepEqual(await models.remove("b"), [path]);
});

test("what downloads left is pruned once it is old", async () => {
  const state = join(folder, "models", "hf", "owner", "repo", ".gpt4all");
  const old = await put(join(state, "a.gguf.part"), "12345", true);
  const record = await put(join(state, "a.gguf.part.json"), "{}", true);
  const gone = await put(join(folder, "models", ".gpt4all", "gone.gguf.json"), "{}", true);
  const young = await put(join(folder, "models", ".gpt4all", "b.gguf.part"), "young");
  const older = await put(join(folder, "models", "c.gguf.part"), "123", true);
  const pruned = await models.prune();
  assert.deepEqual(pruned.paths.sort(), [old, record, gone, older].sort());
  assert.equal(pruned.freedBytes, 5 + 2 + 2 + 3);
  assert.deepEqual(await readdir(join(folder, "models")), [".gpt4all"]);
  assert.deepEqual((await models.prune({ olderThanSeconds: -60 })).paths, [young]);
  await assert.rejects(models.prune({ olderThanSeconds: "x" as never }), InvalidArgumentError);
});

test("translations of files that are gone or changed are pruned", async () => {
  const translated = join(folder, "translated");
  const original = await put(join(folder, "old.bin"), "weights");
  const { dev, ino, size, mtimeNs } = await stat(original, { bigint: true });
  const note = (name: string, path: string) => {
    const file = `{"path": ${JSON.stringify(path)}, "device": ${dev}, "inode": ${ino}, "size": ${size}, "modified_ns": ${mtimeNs}}`;
    return put(join(translated, `${name}.json`), `{"translation": "${name}.gguf", "files": [${file}]}`, true);
  };
  await note("kept", original);
  await put(join(translated, "kept.gguf"), "kept", true);
  const stale = [
    await note("stale", join(folder, "gone.bin")),
    await put(join(translated, "stale.gguf"), "stale", true),
    await put(join(translated, "stale.lock"), "", true),
    await put(join(translated, "half.part"), "half", true),
  ];
  assert.deepEqual((await models.prune()).paths.sort(), stale.sort());
  assert.deepEqual((await readdir(translated)).sort(), ["kept.gguf", "kept.json"]);
});

test("rearranged weights that were not used are pruned", async () => {
  const panels = join(folder, "panels");
  const old = await put(join(panels, "0-1.panels"), "12345", true);
  const used = await put(join(panels, "0-2.panels"), "12345");
  const part = await put(join(panels, "0-3.panels.abcdef.part"), "12345", true);
  const lock = await put(join(panels, "lock"), "12345", true);
  assert.deepEqual((await models.prune({ folder: join(folder, "models") })).paths, []);
  assert.deepEqual((await models.prune({ olderThanSeconds: 365 * 24 * 3600 })).paths, []);
  assert.deepEqual(await models.prune(), { paths: [old, part], freedBytes: 10 });
  assert.deepEqual((await models.prune({ olderThanSeconds: -60 })).paths, [used]);
  assert.equal(await readFile(lock, "utf8"), "12345");
});

test("near names are those of Python, and a folder is told from a model", async () => {
  const names = `"SmolLM2 135M Instruct" or "SmolLM2-135M-Instruct-Q4_1" or "SmolLM2-135M-Instruct-Q4_1.gguf"`;
  const told: Record<string, string> = { "smollm2-135m-instrct": `. Did you mean ${names}?`, xyzzyplugh: "" };
  for (const [name, advice] of Object.entries(told)) {
    const message = `there is no model "${name}"${advice}`;
    await assert.rejects(models.pull(name, { offline: true }), { name: "ModelNotFoundError", message });
  }
  await assert.rejects(models.resolve(folder), { name: "ModelNotFoundError", message: /This is a folder: .*convert/ });
  await assert.rejects(models.resolve("a".repeat(5000)), { name: "ModelNotFoundError" });
});
